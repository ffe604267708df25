-- What was answered, and what providers told, is remembered for a time and then forgotten: these find the oldest.
create index order_key_age on order_key (at_ms);
create index provider_word_age on provider_word (at_ms);
