"""What analytics keeps."""
