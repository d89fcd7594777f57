"""The PyPI package `auth0-python` 4: what scenario.mjs does with the SDKs for Node.js."""

import gzip
import io
import json
import os
import re
import time

import requests
from auth0.authentication import GetToken
from auth0.exceptions import Auth0Error
from auth0.management import Auth0

CONNECTION = "Username-Password-Authentication"


def main():
    auth0 = client()
    connection = find_connection(auth0)
    import_with_errors(auth0, connection)
    read_users(auth0)
    search_users(auth0)
    import_again(auth0, connection)
    import_broken(auth0, connection)
    export_csv(auth0, connection)
    export_json(auth0)
    print("ok")


def client():
    domain = os.environ["PURSER_DOMAIN"]
    get_token = GetToken(domain, os.environ["PURSER_CLIENT_ID"], client_secret=os.environ["PURSER_CLIENT_SECRET"])
    token = get_token.client_credentials(f"https://{domain}/api/v2/")
    assert token["token_type"] == "Bearer", token
    assert token["expires_in"] == 86400, token
    return Auth0(domain, token["access_token"])


def find_connection(auth0):
    [connection] = auth0.connections.all(name=CONNECTION, strategy="auth0")
    equal(connection["name"], CONNECTION)
    equal(connection["strategy"], "auth0")
    assert re.fullmatch("con_[A-Za-z0-9]{16}", connection["id"]), connection
    equal(auth0.connections.all(name="missing"), [])
    return connection["id"]


def import_with_errors(auth0, connection):
    with open(os.environ["PURSER_USERS"], "rb") as users:
        job = auth0.jobs.import_users(connection, users, external_id="first")
    equal(job["type"], "users_import")
    equal(job["status"], "pending")
    equal(job["connection"], CONNECTION)
    ended = end(auth0, job)
    equal(ended["status"], "completed")
    equal(ended["external_id"], "first")
    equal(ended["summary"], {"failed": 2, "updated": 0, "inserted": 2, "total": 4})
    bad, twice = auth0.jobs.get_failed_job(job["id"])
    path = "identities[0].profileData.email"
    message = f"Error in {path} property - Object didn't pass validation for format email: no-address"
    equal(bad["errors"], [{"code": "INVALID_FORMAT", "message": message, "path": path}])
    masked = {"algorithm": "md5", "hash": {"value": "*****", "encoding": "hex"}}
    equal(bad["user"], {"email": "no-address", "custom_password_hash": masked})
    message = "A user with this [email|username|user_id] was already provided."
    equal(twice, {"user": {"email": "ada@example.com"}, "errors": [{"code": "DUPLICATED_USER", "message": message}]})


def read_users(auth0):
    ada = auth0.users.get("auth0|ada")
    equal(ada["name"], 'Ada "Countess" Lovelace')
    equal(ada["user_metadata"], {"plan": "gold"})
    equal(ada["app_metadata"], {"level": 3})
    equal(ada["identities"][0]["connection"], CONNECTION)
    [grace] = auth0.users_by_email.search_users_by_email("grace@example.com")
    equal(grace["given_name"], "Grace")
    equal(grace["email_verified"], False)
    assert "password_hash" not in grace, grace
    equal(auth0.users_by_email.search_users_by_email("nobody@example.com"), [])
    try:
        auth0.users.get("auth0|nobody")
    except Auth0Error as error:
        equal(error.status_code, 404)
        equal(error.error_code, "inexistent_user")
        equal(error.message, "The user does not exist.")
    else:
        raise AssertionError("a user that does not exist was found")


def search_users(auth0):
    found = auth0.users.list(q='email.domain:"example.com" AND NOT blocked:true', sort="email:1", per_page=1)
    equal([user["user_id"] for user in found["users"]], ["auth0|ada"])
    equal((found["start"], found["limit"], found["length"], found["total"]), (0, 1, 1, 2))
    try:
        auth0.users.list(q="email:(")
    except Auth0Error as error:
        equal((error.status_code, error.error_code), (400, "invalid_query_string"))
    else:
        raise AssertionError("a query that cannot be read was answered")


def import_again(auth0, connection):
    row = {"email": "ada@example.com", "user_metadata": {"plan": "silver"}}
    users = json.dumps([row])
    refused = end(auth0, auth0.jobs.import_users(connection, io.StringIO(users)))
    equal(refused["summary"], {"failed": 1, "updated": 0, "inserted": 0, "total": 1})
    error = {"code": "DUPLICATED_USER", "message": "The user already exist and upsert parameter is false"}
    equal(auth0.jobs.get_failed_job(refused["id"]), [{"user": row, "errors": [error]}])
    taken = end(auth0, auth0.jobs.import_users(connection, io.StringIO(users), upsert=True))
    equal(taken["summary"], {"failed": 0, "updated": 1, "inserted": 0, "total": 1})
    assert not auth0.jobs.get_failed_job(taken["id"])
    equal(auth0.users.get("auth0|ada")["user_metadata"], {"plan": "silver"})


def import_broken(auth0, connection):
    ended = end(auth0, auth0.jobs.import_users(connection, io.StringIO('[{"email": ')))
    equal(ended["status"], "failed")
    details = "Failed to parse users file JSON when importing users. Make sure it is valid JSON."
    equal(ended["status_details"], details)
    # A job that failed as a whole is its own error.
    errors = auth0.jobs.get_failed_job(ended["id"])
    equal((errors["id"], errors["status"], errors["status_details"]), (ended["id"], "failed", details))


def export_csv(auth0, connection):
    fields = [
        {"name": "email"},
        {"name": "name", "export_as": "Full Name"},
        {"name": "email_verified"},
        {"name": "user_metadata.plan", "export_as": "Plan"},
        {"name": "identities[0].connection"},
    ]
    job = auth0.jobs.export_users({"connection_id": connection, "format": "csv", "fields": fields})
    equal((job["type"], job["format"], job["fields"]), ("users_export", "csv", fields))
    lines = download(end(auth0, job), "csv").splitlines()
    equal(lines, [
        "email,Full Name,email_verified,Plan,identities[0].connection",
        f'''"'ada@example.com","'Ada ""Countess"" Lovelace",true,"'silver","'{CONNECTION}"''',
        f'''"'grace@example.com","'grace@example.com",false,,"'{CONNECTION}"''',
    ])


def export_json(auth0):
    fields = [{"name": "user_id"}, {"name": "app_metadata"}]
    job = auth0.jobs.export_users({"format": "json", "limit": 5, "fields": fields})
    ada, grace = map(json.loads, download(end(auth0, job), "json").splitlines())
    equal(ada, {"user_id": "auth0|ada", "app_metadata": {"level": 3}})
    assert re.fullmatch(r"auth0\|[0-9a-f]{24}", grace["user_id"]), grace


def end(auth0, job):
    for _ in range(300):
        now = auth0.jobs.get(job["id"])
        if now["status"] in ("completed", "failed"):
            return now
        time.sleep(0.1)
    raise AssertionError(f"the job {job['id']} did not end")


def download(job, format):
    """Downloads without a token and without any help of the SDK, as Auth0's documentation says."""
    equal(job["status"], "completed")
    assert job["location"].split("?")[0].endswith(f"/purser.{format}.gz"), job
    response = requests.get(job["location"])
    equal(response.status_code, 200)
    assert "content-encoding" not in response.headers, response.headers
    return gzip.decompress(response.content).decode()


def equal(found, expected):
    assert found == expected, f"found {found!r}, expected {expected!r}"


main()
