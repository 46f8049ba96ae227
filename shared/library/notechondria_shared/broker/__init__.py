"""What the message broker holds for the services, and its provisioning. Light: the launcher imports it too."""
