-- Where an application begins a login that nobody asked for (OpenID Connect third-party initiated).
ALTER TABLE client ADD COLUMN initiate_login_uri TEXT NOT NULL DEFAULT '';
