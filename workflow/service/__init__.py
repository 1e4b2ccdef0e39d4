"""What is done: each function is one transaction, or two where the network lies between."""
