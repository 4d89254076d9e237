// How to call Meso well: a channel, the token, a deadline on every call, and what to do about
// errors.
//
//   const client = new Client('127.0.0.1:7101', 'desk-par-1.token');
//   const stub = client.stub('meso.scheduling.v1.SchedulingService');
//   const appointment = await client.call(stub, 'GetAppointment', {name});
//
// `call` repeats the very same request, request_id included, while repeating can help, and throws a
// Refusal otherwise. Messages are plain objects: int64 as strings, enums as names.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const {setTimeout: sleep} = require('node:timers/promises');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const PROTOS = process.env.MESO_PROTO || path.resolve(__dirname, '../../../proto');
// Debian's golang-github-gogo-googleapis-dev, or a checkout of googleapis.
const GOOGLEAPIS = process.env.GOOGLEAPIS || '/usr/share/gocode/src/github.com/gogo/googleapis';
const DEADLINE_SECONDS = 10;
const GIVE_UP_SECONDS = 60;
// These reasons, and any UNAVAILABLE or DEADLINE_EXCEEDED, mean: ask again, with the same request_id.
const REPEAT = new Set(['OVERLOADED', 'RATE_LIMITED', 'REPLY_EXISTS']);

const messages = protoLoader.loadSync([
  'meso/events/v1/events.proto',
  'meso/scheduling/v1/events.proto',
  'meso/scheduling/v1/scheduling_service.proto',
  'google/rpc/status.proto',
  'google/rpc/error_details.proto',
], {
  includeDirs: [PROTOS, GOOGLEAPIS, '/usr/include'],
  keepCase: true, longs: String, enums: String, defaults: true, oneofs: true,
});
const api = grpc.loadPackageDefinition(messages);

// Reads a message from its bytes; `type` is its full name.
function decode(type, bytes) {
  return messages[type].deserialize(bytes);
}

// An error answer: one cause per ErrorInfo, the refusal itself first, then what led to it.
class Refusal extends Error {
  constructor(error) {
    super(error.details || error.message);
    this.code = grpc.status[error.code];
    this.causes = [];
    this.retryAfterMs = 0;
    const [bytes] = error.metadata ? error.metadata.get('grpc-status-details-bin') : [];
    for (const any of bytes ? decode('google.rpc.Status', bytes).details : []) {
      const type = any.type_url.split('/').pop();
      const details = type in messages ? decode(type, any.value) : {};
      const last = this.causes[this.causes.length - 1];
      if (type === 'google.rpc.ErrorInfo') {
        this.causes.push({...details, violations: []});
      } else if (type === 'google.rpc.RetryInfo') {
        const {seconds, nanos} = details.retry_delay;
        this.retryAfterMs = Number(seconds) * 1000 + nanos / 1e6;
      } else if (type === 'google.rpc.BadRequest' && last) {
        last.violations.push(...details.field_violations.map((v) => `${v.field}: ${v.description}`));
      } else if (type === 'google.rpc.PreconditionFailure' && last) {
        last.violations.push(
            ...details.violations.map((v) => `${v.type} ${v.subject}: ${v.description}`));
      }
    }
  }

  // Stable, listed at every RPC in the protos; empty when no Meso service answered.
  get reason() {
    return this.causes.length > 0 ? this.causes[0].reason : '';
  }

  // True when the same request may yet be answered; it may also have been executed already.
  get mayRepeat() {
    return this.code === 'UNAVAILABLE' || this.code === 'DEADLINE_EXCEEDED' ||
        REPEAT.has(this.reason);
  }

  // Everything the answer says, for a person.
  explain() {
    const lines = [`refused: ${this.reason || 'no reason given'} (${this.code})`,
      `  ${this.message}`];
    this.causes.forEach((cause, i) => {
      if (i > 0) lines.push(`  because ${cause.domain} said ${cause.reason}`);
      for (const key of Object.keys(cause.metadata).sort()) {
        lines.push(`  ${key} = ${cause.metadata[key]}`);
      }
      lines.push(...cause.violations.map((violation) => `  - ${violation}`));
    });
    return lines.join('\n');
  }
}

// A channel and a token. `tls` is DIR/NAME: DIR/ca.pem, DIR/NAME.pem and DIR/NAME.key.
class Client {
  constructor(address, tokenFile, tls = '') {
    this.address = address;
    this.tokenFile = tokenFile;
    this.credentials = !tls ? grpc.credentials.createInsecure() : grpc.credentials.createSsl(
        fs.readFileSync(path.join(path.dirname(tls), 'ca.pem')), fs.readFileSync(`${tls}.key`),
        fs.readFileSync(`${tls}.pem`));
  }

  // `service` is its full name. Stubs of one address share a connection.
  stub(service) {
    const Stub = service.split('.').reduce((found, name) => found[name], api);
    return new Stub(this.address, this.credentials, {
      // gRPC itself repeats UNAVAILABLE up to four times, as the config says.
      'grpc.service_config': fs.readFileSync(path.join(PROTOS, 'service_config.json'), 'utf8'),
    });
  }

  // The answer to the request; throws a Refusal. Repeats for at most GIVE_UP_SECONDS.
  async call(stub, method, request, deadlineSeconds = DEADLINE_SECONDS) {
    const giveUp = Date.now() + GIVE_UP_SECONDS * 1000;
    for (let backoffMs = 100; ; backoffMs = Math.min(2 * backoffMs, 5000)) {
      const metadata = new grpc.Metadata();
      // Read anew: a token is replaced before it expires.
      metadata.set('authorization', `Bearer ${fs.readFileSync(this.tokenFile, 'utf8').trim()}`);
      const deadline = Date.now() + deadlineSeconds * 1000;
      const [error, answer] = await new Promise((resolve) => {
        stub[method](request, metadata, {deadline}, (...result) => resolve(result));
      });
      if (!error) return answer;
      const refusal = new Refusal(error);
      // Never sooner than the service asks for, and not in step with everybody else.
      const pauseMs = Math.max(refusal.retryAfterMs, backoffMs) * (1 + Math.random() / 2);
      if (!refusal.mayRepeat || Date.now() + pauseMs > giveUp) throw refusal;
      console.error(`${refusal.reason || refusal.code}; the same again in ${Math.ceil(pauseMs)} ms`);
      await sleep(pauseMs);
    }
  }
}

// Replaces a file at once and durably; only this user can read it.
function replaceFile(file, text) {
  const made = fs.openSync(`${file}.new`, 'w', 0o600);
  fs.writeSync(made, text);
  fs.fsyncSync(made);
  fs.closeSync(made);
  fs.renameSync(`${file}.new`, file);
}

module.exports = {Client, Refusal, decode, replaceFile};
