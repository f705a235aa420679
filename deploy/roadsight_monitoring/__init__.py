"""What watches the service, as far as it is made by code. Not shipped: `deploy/` is what it makes."""
