//! Wire types of the Management API v2 that more than one face needs.
