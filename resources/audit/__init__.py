"""For auditors: what verifies an exported bundle without opsconsole."""
