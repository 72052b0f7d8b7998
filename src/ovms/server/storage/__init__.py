"""SQL: the schema, its migrations, the queries and the one writer."""
