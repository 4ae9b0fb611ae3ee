"""What the client suites and the demonstration share: a server to talk to, people who talk to it, and how their clients are set up."""
