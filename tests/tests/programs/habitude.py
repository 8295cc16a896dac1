"""Runs koji-habitude with a password: by itself it takes only certificates and Kerberos."""
import koji_habitude.koji as connection
from koji_habitude.cli import main

read_config = connection.read_config
connection.read_config = lambda profile: read_config(profile) | {'user': 'kojiadmin', 'password': 'secret'}
main()
