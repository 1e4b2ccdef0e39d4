"""What the tests of gates and responses would notice: `make mutate`, or WHAT=gate for one module."""
