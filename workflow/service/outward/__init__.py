"""The ways out of the building: e-mail, a signed webhook, or whatever the library apprise reaches."""
