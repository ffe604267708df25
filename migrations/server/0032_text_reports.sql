-- What a provider calls a text that it took, so that its reports about it are understood. A text whose report says that it is on the
-- telephone has `state` 12. A program that does not know the number shows no such message and leaves it alone.

alter table message add column provider_ref text;
create index message_provider_ref on message (provider_ref);
