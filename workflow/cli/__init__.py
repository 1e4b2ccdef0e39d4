"""The command line: one file per group of verbs, loaded only when it is asked for."""
