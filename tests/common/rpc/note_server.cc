#include "tests/common/rpc/note_server.h"

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/database/audit_outbox.h"
#include "common/database/reply.h"

namespace meso {
namespace {

using test::v1::CountNotesResponse;
using test::v1::CreateNoteRequest;
using test::v1::GetNoteRequest;
using test::v1::MoveNotesRequest;
using test::v1::Note;

std::vector<Migration> NoteMigrations() {
  return {{1, "0001_notes",
           "CREATE TABLE notes (name TEXT PRIMARY KEY, site TEXT NOT NULL, patient TEXT NOT NULL,"
           " text TEXT NOT NULL) STRICT"}};
}

absl::StatusOr<Note> LoadNote(Transaction& tx, const std::string& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT site, patient, text FROM notes WHERE name = $1", {name}));
  if (!row) return ResourceNotFound(name);
  Note note;
  note.set_name(name);
  note.set_site(row->Text(0));
  note.set_patient(row->Text(1));
  note.set_text(row->Text(2));
  return note;
}

void CopyOut(const Note& note, Note* response) { *response = note; }

}  // namespace

grpc::ServerUnaryReactor* NoteService::CreateNote(grpc::CallbackServerContext* context,
                                                  const CreateNoteRequest* request,
                                                  Note* response) {
  const auto convert = [this](const CreateNoteRequest& in) -> absl::StatusOr<Note> {
    if (hooks.in_convert) hooks.in_convert();
    FieldErrors errors;
    if (in.note().text().size() > 100) errors.Invalid("note.text", "at most 100 characters");
    if (in.note().patient().empty()) errors.Required("note.patient");
    MESO_RETURN_IF_ERROR(errors.ToStatus());
    return in.note();
  };
  const auto create = [this](Transaction& tx, const CallContext& call,
                             const Note& in) -> absl::StatusOr<Note> {
    ++creations;
    Note note = in;
    note.set_name(absl::StrCat(in.site(), "/appointments/", calls_.options().ids->NewId()));
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO notes (name, site, patient, text) VALUES ($1, $2, $3, $4)",
                   {note.name(), note.site(), note.patient(), note.text()}));
    if (hooks.in_create) MESO_RETURN_IF_ERROR(hooks.in_create(tx, call));
    return note;
  };
  const auto restore = [](Transaction& tx, Note* out) {
    const absl::StatusOr<Note> note = LoadNote(tx, out->name());
    if (note.ok()) out->set_patient(note->patient());
    return note.status();
  };
  return ServeMutation(calls_, "meso.test.v1.NoteService/CreateNote", context, request, response,
                       convert, create, CopyOut, restore);
}

grpc::ServerUnaryReactor* NoteService::GetNote(grpc::CallbackServerContext* context,
                                               const GetNoteRequest* request, Note* response) {
  const auto convert = [](const GetNoteRequest& in) -> absl::StatusOr<std::string> {
    return in.name();
  };
  const auto get = [](Transaction& tx, const CallContext&, const std::string& name) {
    return LoadNote(tx, name);
  };
  return ServeRead(calls_, "meso.test.v1.NoteService/GetNote", context, request, response, convert,
                   get, CopyOut);
}

grpc::ServerUnaryReactor* NoteService::CountNotes(grpc::CallbackServerContext* context,
                                                  const test::v1::CountNotesRequest* request,
                                                  CountNotesResponse* response) {
  const auto convert = [](const test::v1::CountNotesRequest& in) -> absl::StatusOr<std::string> {
    return in.parent();
  };
  const auto count = [](Transaction& tx, const CallContext&,
                        const std::string&) -> absl::StatusOr<int64_t> {
    MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                          QueryOne(tx, "SELECT COUNT(*) FROM notes", {}));
    return row->Int(0);
  };
  const auto answer = [](int64_t notes, CountNotesResponse* out) { out->set_count(notes); };
  return ServeRead(calls_, "meso.test.v1.NoteService/CountNotes", context, request, response,
                   convert, count, answer);
}

grpc::ServerUnaryReactor* NoteService::MoveNotes(grpc::CallbackServerContext* context,
                                                 const MoveNotesRequest* request,
                                                 CountNotesResponse* response) {
  const auto convert = [](const MoveNotesRequest& in) -> absl::StatusOr<MoveNotesRequest> {
    return in;
  };
  const auto move = [this](const CallContext& call,
                           const MoveNotesRequest&) -> absl::StatusOr<int64_t> {
    ++creations;
    if (hooks.in_move) MESO_RETURN_IF_ERROR(hooks.in_move(call));
    if (call.validate_only) return 7;
    const CallServerOptions& options = calls_.options();
    MESO_RETURN_IF_ERROR(options.database->Transact([&](Transaction& tx) -> absl::Status {
      CountNotesResponse reply;
      reply.set_count(7);
      const absl::Time now = options.clock->Now();
      MESO_RETURN_IF_ERROR(
          AppendAudit(tx, MakeAuditRecord(call, options.service, absl::OkStatus(), now)));
      return SaveReply(tx, call.reply_key, ReplyBytes(reply), now);
    }));
    return 7;
  };
  const auto answer = [](int64_t notes, CountNotesResponse* out) { out->set_count(notes); };
  return ServeSaga(calls_, "meso.test.v1.NoteService/MoveNotes", context, request, response,
                   convert, move, answer);
}

grpc::ServerUnaryReactor* NoteService::AskNotes(grpc::CallbackServerContext* context,
                                                const GetNoteRequest* request, Note* response) {
  const auto convert = [](const GetNoteRequest& in) -> absl::StatusOr<std::string> {
    return in.name();
  };
  const auto ask = [this](const CallContext&, const std::string& name) -> absl::StatusOr<Note> {
    absl::StatusOr<Note> note = absl::UnknownError("not run");
    MESO_RETURN_IF_ERROR(calls_.options().database->Read([&](Transaction& tx) {
      note = LoadNote(tx, name);
      return note.status();
    }));
    return note;
  };
  return ServeSaga(calls_, "meso.test.v1.NoteService/AskNotes", context, request, response, convert,
                   ask, CopyOut);
}

NoteServer::NoteServer(const std::function<void(CallServerOptions&)>& adjust)
    : server("inventory", NoteMigrations(), adjust),
      service(server.calls()),
      front_desk(server.keys().Token("users/anna", {"front_desk@par-1"})),
      doctor(server.keys().Token("users/daria", {"doctor@*"})),
      chain_admin(server.keys().Token("users/chris", {"chain_admin@*"})) {
  server.Serve({&service});
  stub = test::v1::NoteService::NewStub(server.channel());
}

CreateNoteRequest NoteServer::NewNote(const std::string& request_id) const {
  CreateNoteRequest request;
  request.mutable_note()->set_site("sites/par-1");
  request.mutable_note()->set_patient(kPatient);
  request.mutable_note()->set_text(kText);
  request.set_request_id(request_id);
  return request;
}

absl::Status NoteServer::Create(const CreateNoteRequest& request, Note* response) {
  return Create(front_desk, request, response);
}

absl::Status NoteServer::Create(const std::string& token, const CreateNoteRequest& request,
                                Note* response) {
  return server.Call(*stub, &Stub::CreateNote, token, request, response);
}

absl::Status NoteServer::Get(const std::string& token, const std::string& name, Note* response) {
  GetNoteRequest request;
  request.set_name(name);
  return server.Call(*stub, &Stub::GetNote, token, request, response);
}

int64_t NoteServer::CountRows(const std::string& table) {
  int64_t rows = -1;
  const absl::Status status = server.database().Read([&](Transaction& tx) {
    const auto row = QueryOne(tx, Sql::Dynamic(absl::StrCat("SELECT COUNT(*) FROM ", table)), {});
    if (row.ok()) rows = (*row)->Int(0);
    return row.status();
  });
  MESO_CHECK(status.ok(), status.ToString().c_str());
  return rows;
}

}  // namespace meso
