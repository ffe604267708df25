-- What a person moved to a register by hand and what is still there of it: nobody asks for that back. Less than nothing:
-- what a person gave back there, which does not return by itself until the register sells again.
alter table demand add column by_hand {int} not null default 0;
