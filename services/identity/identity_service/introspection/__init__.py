"""What a credential stands for, for identity itself and for the other services."""
