"""Pages for people who came by a link: no sign-in, no cookie, no script."""
