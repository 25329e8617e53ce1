"""The records: values of the field."""
