"""What is sent to outside systems, and what comes in from them. Specification: "Dependencies and Integrations"."""
