-- Roles and database, for psql as superuser. `./dev` runs it at each start, the container at its first; it may be
-- repeated, and repeating it sets the passwords. They come by environment, never as arguments.
--   daybook_owner  owns the schema: migrations and rebuilds
--   daybook_app    what the application may do; migrations grant to it
--   daybook        the application's login
\getenv owner_password DAYBOOK_OWNER_PASSWORD
\getenv app_password DAYBOOK_APP_PASSWORD

select 'create role daybook_owner'
where not exists (select from pg_roles where rolname = 'daybook_owner') \gexec
select 'create role daybook_app'
where not exists (select from pg_roles where rolname = 'daybook_app') \gexec
select 'create role daybook'
where not exists (select from pg_roles where rolname = 'daybook') \gexec

alter role daybook_owner login createdb password :'owner_password';
alter role daybook_app nologin;
alter role daybook login password :'app_password';
grant daybook_app to daybook;

select 'create database daybook owner daybook_owner'
where not exists (select from pg_database where datname = 'daybook') \gexec
