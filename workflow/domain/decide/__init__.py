"""One file per verb. Each takes a situation and what was asked, and answers with one decision; none does anything."""
