"""What is true: pure rules and values. No input, no output, no clock, no dice."""
