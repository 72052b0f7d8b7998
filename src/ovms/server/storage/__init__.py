"""The database: its interface, the schema and its migrations, the queries, the one writer."""
