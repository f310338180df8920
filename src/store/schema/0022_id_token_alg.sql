-- Auth0 jwt_configuration.alg: what an application's ID tokens are signed with.
ALTER TABLE client ADD COLUMN id_token_alg TEXT NOT NULL DEFAULT 'RS256';
