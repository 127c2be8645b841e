"""What crosses a boundary: topics, envelope, codec, events, schemas and examples."""
