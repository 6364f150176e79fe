"""The live stream: what changed, told to every console that may know. It only says what to ask for anew."""
