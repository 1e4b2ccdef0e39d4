"""What things cost, beside peers and limits, as ratios within one run: `make bench`, or WHAT=kernel, WHAT=durable."""
