"""Runs aiosmtpd's mail server as told by the JSON of the first argument, until standard input ends."""

import json
import mailbox
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Keep:
    """Keeps mails as they came, below two lines of envelope, and refuses what it was told to."""

    def __init__(self, options):
        self.options = options
        self.box = mailbox.Maildir(options["dir"])

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        refusal = self.options["refuse"].get(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.options["refuse_data"]:
            return self.options["refuse_data"]
        head = "X-MailFrom: %s\r\nX-RcptTo: %s\r\n" % (envelope.mail_from, ", ".join(envelope.rcpt_tos))
        self.box.add(head.encode() + envelope.original_content)
        return "250 OK"


def main():
    options = json.loads(sys.argv[1])

    def authenticate(server, session, envelope, mechanism, data):
        right = data.login == options["user"].encode() and data.password == options["password"].encode()
        return AuthResult(success=right, handled=False)  # the server answers

    context = None
    if options["tls"]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options["cert_file"], options["key_file"])
    arguments = {"hostname": options["host"], "port": options["port"]}
    if options["tls"] == "starttls":
        arguments.update(tls_context=context, require_starttls=True)
    elif options["tls"]:
        arguments.update(ssl_context=context)
    if options["user"]:
        arguments.update(authenticator=authenticate, auth_required=True, auth_require_tls=options["tls"] == "starttls")
    controller = Controller(Keep(options), **arguments)
    controller.start()
    print("ready", flush=True)
    sys.stdin.read()
    controller.stop()


main()
