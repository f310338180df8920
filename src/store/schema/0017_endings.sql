-- What ends with a user's login: approvals that no device has fetched yet.
CREATE INDEX decoupled_request_user ON decoupled_request (user_id) WHERE phase = 'approved';
