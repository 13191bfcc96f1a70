"""Tokens: who may do what. Signing and verifying is PyJWT's; nothing here knows where tokens are kept."""
