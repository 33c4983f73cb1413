-- A process says that it is ready when the schema is the one that it was made for: it has to see which migrations ran.
GRANT SELECT ON _sqlx_migrations TO daybook_app;
