"""Several files at a time: read ahead, or in processes of their own."""
