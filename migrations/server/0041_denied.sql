-- How often in a row a payment's provider did not know what the records, or it itself, said before: after so many such answers it is
-- asked no more, and a person decides. An older program beside this one leaves the number as it is.
alter table checkout add column denials {int} not null default 0;
