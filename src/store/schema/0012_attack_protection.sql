-- These settings are documents (0010) like all the others.
DROP TABLE attack_protection;
