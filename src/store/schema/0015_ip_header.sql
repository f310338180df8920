-- Auth0 is_token_endpoint_ip_header_trusted.
ALTER TABLE client ADD COLUMN trusts_ip_header INTEGER NOT NULL DEFAULT 0;
