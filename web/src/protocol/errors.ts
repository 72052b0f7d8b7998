/**
 * The errors between two ends of a connection, named as in `ovms.protocol.errors`.
 *
 *     ProtocolError
 *     ├── LocalProtocolError         our side did what the protocol forbids now
 *     ├── WrongPassword              a sealed message was sealed with another password
 *     └── RemoteProtocolError        the other end broke the protocol; close the connection
 *         ├── LineTooLong            a line is longer than its bound
 *         ├── NotAWelcome            the server's first line is no welcome of this protocol
 *         ├── AuthenticationFailed   the server's digest does not prove the secret
 *         └── UnreadableLine         a line that does not decrypt
 */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

export class LocalProtocolError extends ProtocolError {
  override name = "LocalProtocolError";
}

export class WrongPassword extends ProtocolError {
  override name = "WrongPassword";

  constructor() {
    super("the paranoid password does not open what the car has sealed");
  }
}

export class RemoteProtocolError extends ProtocolError {
  override name = "RemoteProtocolError";
}

export class LineTooLong extends RemoteProtocolError {
  override name = "LineTooLong";

  constructor(readonly limit: number) {
    super(`line longer than ${limit} bytes`);
  }
}

export class NotAWelcome extends RemoteProtocolError {
  override name = "NotAWelcome";
}

export class AuthenticationFailed extends RemoteProtocolError {
  override name = "AuthenticationFailed";
}

export class UnreadableLine extends RemoteProtocolError {
  override name = "UnreadableLine";
}
