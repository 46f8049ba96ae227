"""Programs of the project: generators, checks, release, bootstrap."""
