"""What do people see and send: discussion, accounts, trail, notices? One file per subject."""
