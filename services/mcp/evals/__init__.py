"""Questions and tasks for agents, over an account with one right answer to each (docs/mcp.md, "Evals")."""
