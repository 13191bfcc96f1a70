"""The other end of the receiver: uploading from elsewhere, and asking for what it tells."""
