"""How the rows came to their shape, step by step. A step that was published is never edited."""
