-- What a session is called where its person sees all of them: browser and system, as the program that signed in said. Those from before
-- have no name.
alter table session add column name text not null default '';
