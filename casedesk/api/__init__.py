"""The desk over HTTP: the same use cases, permissions and sentences as in the app."""
