#include "services/mesoctl/stock_file_commands.h"

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/id_source.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/proto_values.h"
#include "meso/inventory/v1/inventory_service.pb.h"
#include "services/mesoctl/api/when.h"
#include "services/mesoctl/cli/command_parser.h"
#include "services/mesoctl/cli/spinner.h"
#include "services/mesoctl/cli/table_output.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

namespace v1 = ::meso::inventory::v1;

constexpr char kImport[] = "meso.inventory.v1.InventoryService/ImportStock";
constexpr char kExport[] = "meso.inventory.v1.InventoryService/ExportStock";
constexpr char kRecord[] = "meso.inventory.v1.InventoryService/RecordTemperatures";
constexpr char kLabel[] = "meso.inventory.v1.InventoryService/RenderLotLabel";
constexpr absl::Duration kFileTimeout = absl::Minutes(10);
constexpr size_t kChunkBytes = 256 << 10;
constexpr int kReadingsPerBatch = 5000;
constexpr int kDecimalsMax = 2;  // a hundredth of a degree

// A file to read, or standard input for "-".
class Input {
 public:
  Input(Session& session, std::string name) : name_(std::move(name)) {
    if (name_ == "-") {
      in_ = &session.in();
    } else {
      file_ = std::make_unique<std::ifstream>(name_, std::ios::binary);
      in_ = file_.get();
    }
  }
  absl::Status Check() const {
    if (*in_) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("can't read the file ", name_, "; check its name and rights"));
  }
  std::istream& stream() { return *in_; }

 private:
  const std::string name_;
  std::unique_ptr<std::ifstream> file_;
  std::istream* in_ = nullptr;
};

// The one given, or one made up and, with `tell`, told.
absl::StatusOr<std::string> RequestId(const Invocation& invocation, Session& session, bool tell) {
  const std::string given = invocation.Get("request-id");
  if (invocation.Has("request-id")) {
    if (IsUuid(given)) return given;
    return absl::InvalidArgumentError(absl::StrCat(
        "--request-id=", given,
        " is no UUID in small letters; write one, as `uuidgen` prints it, or leave it out"));
  }
  std::string made = session.ids().NewId();
  if (tell) {
    session.err() << "request_id " << made
                  << " (the same request with --request-id and it again gets the same answer)\n";
  }
  return made;
}

absl::StatusOr<std::string> SiteOrAny(const Session& session) {
  return session.site().empty() ? std::string("sites/-") : session.site();
}

// "a code" is below --site; a whole name stays.
absl::StatusOr<std::string> StorageUnit(const std::string& typed, const Session& session) {
  const std::vector<std::string> parts = absl::StrSplit(typed, '/');
  if (parts.size() == 4) return typed;
  if (parts.size() == 2) return absl::StrCat("sites/", parts[0], "/storageUnits/", parts[1]);
  if (parts.size() == 1 && !session.site().empty()) {
    return absl::StrCat(session.site(), "/storageUnits/", typed);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", typed,
                   "' is not the whole name: write SITE/UNIT, or name the site with "
                   "--site"));
}

TextTable ErrorsOf(const v1::ImportReport& report) {
  TextTable table{{"row", "column", "code", "description"}, {}};
  for (const v1::ImportError& error : report.errors()) {
    table.rows.push_back(
        {absl::StrCat(error.row()), error.column(), error.code(), error.description()});
  }
  return table;
}

TextTable SummaryOf(const v1::ImportReport& report) {
  return {{"rows", "imported_rows", "ampoules", "new_lots", "repeated"},
          {{absl::StrCat(report.rows()), absl::StrCat(report.imported_rows()),
            absl::StrCat(report.ampoules()), absl::StrCat(report.new_lots()),
            report.repeated() ? "yes" : "no"}}};
}

ExitCode ShowReport(const v1::ImportReport& report, Session& session) {
  const bool refused = report.error_count() > 0;
  const absl::Status shown =
      refused ? PrintTable(ErrorsOf(report), "row", session.output(), session.out())
              : PrintTable(SummaryOf(report), "rows", session.output(), session.out());
  if (!shown.ok()) return session.Fail("inventory import", shown);
  if (!refused) return ExitCode::kOk;
  session.err() << "Nothing was taken in: " << report.error_count() << " mistakes in "
                << report.rows() << " rows";
  if (report.error_count() > report.errors_size()) {
    session.err() << ", the first " << report.errors_size() << " of them above";
  }
  session.err() << ". Mend the file and import it again.\n";
  return ExitCode::kRefused;
}

ExitCode Import(const Invocation& invocation, Session& session) {
  Input input(session, invocation.Argument(0));
  if (const absl::Status readable = input.Check(); !readable.ok()) {
    return session.Fail("inventory import", readable);
  }
  const absl::StatusOr<std::string> token = session.Token();
  if (!token.ok()) return session.Fail("inventory import", token.status());
  const absl::StatusOr<std::string> id =
      RequestId(invocation, session, /*tell=*/!invocation.On("dry-run"));
  if (!id.ok()) return session.Fail("inventory import", id.status());
  if (!session.timeout_given()) session.set_timeout(kFileTimeout);
  v1::ImportStockRequest part;
  part.set_parent(*SiteOrAny(session));
  part.set_opening_balance(invocation.On("opening-balance"));
  part.set_validate_only(invocation.On("dry-run"));
  part.set_request_id(*id);
  v1::ImportStockResponse answer;
  v1::ImportReport report;
  absl::Status status;
  {
    Spinner spinner(session.err(), session.terminal().err_animated, "importing...");
    bool first = true;
    const auto next = [&]() -> absl::StatusOr<bool> {
      if (!first) part.Clear();
      std::string chunk(kChunkBytes, '\0');
      input.stream().read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
      chunk.resize(static_cast<size_t>(input.stream().gcount()));
      const bool send = first || !chunk.empty();
      first = false;
      part.set_chunk(std::move(chunk));
      return send;
    };
    status = session.client().Exchange(kImport, *token, next, part, &answer, [&] {
      if (answer.has_checked_rows()) {
        spinner.Note(absl::StrCat(answer.checked_rows(), " rows checked"));
      } else if (answer.has_written_rows()) {
        spinner.Note(absl::StrCat(answer.written_rows(), " rows written"));
      } else {
        report = answer.report();
      }
      return absl::OkStatus();
    });
  }
  if (!status.ok()) return session.Fail("inventory import", status);
  return ShowReport(report, session);
}

ExitCode Export(const Invocation& invocation, Session& session) {
  const absl::StatusOr<std::string> token = session.Token();
  if (!token.ok()) return session.Fail("inventory export", token.status());
  if (!session.timeout_given()) session.set_timeout(kFileTimeout);
  v1::ExportStockRequest request;
  request.set_parent(*SiteOrAny(session));
  request.set_filter(invocation.Get("filter"));
  std::ofstream file;
  const std::string name = invocation.Get("output");
  if (!name.empty()) {
    if (access(name.c_str(), F_OK) == 0 && !invocation.On("force")) {
      return session.Fail("inventory export", absl::InvalidArgumentError(absl::StrCat(
                                                  name,
                                                  " exists; name another file, or overwrite "
                                                  "it with --force")));
    }
    file.open(name, std::ios::binary | std::ios::trunc);
  }
  std::ostream& out = name.empty() ? session.out() : file;
  v1::ExportStockResponse piece;
  int64_t rows = 0;
  absl::Status status;
  {
    Spinner spinner(session.err(), session.terminal().err_animated && !name.empty(),
                    "exporting...");
    status = session.client().Stream(kExport, *token, request, &piece, [&]() -> absl::Status {
      out << piece.chunk();
      rows = piece.rows();
      spinner.Note(absl::StrCat(rows, " rows"));
      if (out) return absl::OkStatus();
      return absl::UnavailableError("can't write the file: is the disk full?");
    });
  }
  if (status.ok() && !name.empty()) {
    file.close();
    if (!file) status = absl::UnavailableError("can't write the file: is the disk full?");
  }
  if (!status.ok()) return session.Fail("inventory export", status);
  if (!name.empty()) session.err() << rows << " rows in " << name << "\n";
  return ExitCode::kOk;
}

// "5.25" as 525. Digits are counted, not computed with.
absl::StatusOr<int32_t> Centidegrees(absl::string_view text) {
  const bool below = absl::ConsumePrefix(&text, "-");
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  std::string digits(parts[0]);
  std::string after = parts.size() == 2 ? std::string(parts[1]) : "";
  int32_t value = 0;
  const bool form = parts.size() <= 2 && after.size() <= kDecimalsMax && !digits.empty();
  after.resize(kDecimalsMax, '0');
  if (!form || !absl::SimpleAtoi(absl::StrCat(digits, after), &value)) {
    return absl::InvalidArgumentError("not a temperature in degrees Celsius like 5.25");
  }
  return below ? -value : value;
}

// Lines of "time,degrees"; a first line that begins with "time" is a header.
class ReadingsFile {
 public:
  // `repeatable`: the same lines must mean the same at any other time.
  ReadingsFile(std::istream& in, absl::Time now, bool repeatable)
      : in_(in), now_(now), repeatable_(repeatable) {}

  // Fills the batch's readings; false at the end of the file.
  absl::StatusOr<bool> Next(v1::RecordTemperaturesRequest* batch) {
    batch->clear_readings();
    std::string line;
    while (batch->readings_size() < kReadingsPerBatch && std::getline(in_, line)) {
      ++number_;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.empty() || (number_ == 1 && absl::StartsWith(line, "time"))) continue;
      const std::vector<std::string> cells = absl::StrSplit(line, ',');
      if (cells.size() != 2) return Wrong("time,degrees is needed");
      const absl::StatusOr<absl::Time> time = ParseWhen(cells[0], now_, absl::UTCTimeZone());
      if (!time.ok()) return Wrong(time.status().message());
      if (repeatable_ && ParseWhen(cells[0], now_ + absl::Hours(1), absl::UTCTimeZone()) != time) {
        return Wrong(
            "with --request-id a time is one that stays the same, as 2026-11-20T08:00:00Z: write "
            "it so, or leave --request-id out");
      }
      const absl::StatusOr<int32_t> degrees = Centidegrees(cells[1]);
      if (!degrees.ok()) return Wrong(degrees.status().message());
      v1::TemperatureReading* reading = batch->add_readings();
      ToProto(*time, reading->mutable_measure_time());
      reading->set_centidegrees(*degrees);
    }
    return batch->readings_size() > 0;
  }

 private:
  absl::Status Wrong(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", number_, ": ", what));
  }

  std::istream& in_;
  const absl::Time now_;
  const bool repeatable_;
  int number_ = 0;
};

ExitCode RecordTemperatures(const Invocation& invocation, Session& session) {
  constexpr char kWhat[] = "sensors record";
  Input input(session, invocation.Argument(0));
  if (const absl::Status readable = input.Check(); !readable.ok()) {
    return session.Fail(kWhat, readable);
  }
  const absl::StatusOr<std::string> unit = StorageUnit(invocation.Get("unit"), session);
  if (!unit.ok()) return session.Fail(kWhat, unit.status());
  const absl::StatusOr<std::string> token = session.Token();
  if (!token.ok()) return session.Fail(kWhat, token.status());
  // Readings that are there already are counted as duplicates: nobody needs the id of one more try.
  const absl::StatusOr<std::string> id = RequestId(invocation, session, /*tell=*/false);
  if (!id.ok()) return session.Fail(kWhat, id.status());
  if (!session.timeout_given()) session.set_timeout(kFileTimeout);
  ReadingsFile readings(input.stream(), session.clock().Now(), invocation.Has("request-id"));
  v1::RecordTemperaturesRequest batch;
  batch.set_storage_unit(*unit);
  batch.set_sensor(invocation.Get("sensor"));
  v1::RecordTemperaturesResponse answer;
  absl::Status status;
  {
    Spinner spinner(session.err(), session.terminal().err_animated, "recording...");
    int batches = 0;
    // The service keeps an answer per batch: the same file with the same id has the same batches.
    const auto next = [&] {
      batch.set_request_id(Uuid5(*id, absl::StrCat("batch ", ++batches)));
      return readings.Next(&batch);
    };
    status = session.client().Exchange(kRecord, *token, next, batch, &answer,
                                       [] { return absl::OkStatus(); });
  }
  if (!status.ok()) return session.Fail(kWhat, status);
  TextTable table{{"recorded", "duplicates", "excursions"},
                  {{absl::StrCat(answer.recorded()), absl::StrCat(answer.duplicates()),
                    absl::StrCat(answer.excursions_size())}}};
  const absl::Status shown = PrintTable(table, "recorded", session.output(), session.out());
  if (!shown.ok()) return session.Fail(kWhat, shown);
  for (const v1::Excursion& excursion : answer.excursions()) {
    session.err() << excursion.lots_size() << " of the lots in the unit met the excursion "
                  << excursion.name() << "; `mesoctl excursions get` says what it means\n";
  }
  return ExitCode::kOk;
}

ExitCode Label(const Invocation& invocation, Session& session) {
  constexpr char kWhat[] = "lots label";
  const absl::StatusOr<std::string> token = session.Token();
  if (!token.ok()) return session.Fail(kWhat, token.status());
  const std::string name = invocation.Get("output");
  v1::RenderLotLabelRequest request;
  const std::string lot = invocation.Argument(0);
  request.set_name(absl::StartsWith(lot, "lots/") ? lot : absl::StrCat("lots/", lot));
  request.set_format(absl::EndsWith(name, ".png") ? v1::RenderLotLabelRequest::FORMAT_PNG
                                                  : v1::RenderLotLabelRequest::FORMAT_SVG);
  v1::LotLabel label;
  if (const absl::Status status = session.client().Call(kLabel, *token, request, &label);
      !status.ok()) {
    return session.Fail(kWhat, status);
  }
  std::ofstream file(name, std::ios::binary | std::ios::trunc);
  file << label.content();
  file.close();
  if (!file) {
    return session.Fail(kWhat, absl::InvalidArgumentError(absl::StrCat("can't write ", name)));
  }
  session.out() << label.human_readable() << "\n";
  return ExitCode::kOk;
}

Command ImportCommand() {
  return {
      .path = {"inventory", "import"},
      .summary = "Take stock in from a CSV file, all rows or none",
      .details =
          "Columns: site_code, gtin, lot, expiry, qty; and unit (ampoule or pack), "
          "storage_location, received_at, supplier_ref, unit_cost, currency, hold.",
      .arguments = {{.name = "FILE", .help = "The file; - reads standard input", .kind = Files()}},
      .flags = {{.name = "opening-balance",
                 .help = "Balances of a chain that moves to Meso: expired stock is taken in too"}},
      .examples = {"mesoctl inventory import stock.csv --site par-1 --dry-run",
                   "mesoctl inventory export --site par-1 | mesoctl inventory import - "
                   "--opening-balance --dry-run"},
      .run = Import,
      .takes = {"dry-run", "request-id"}};
}

Command ExportCommand() {
  return {.path = {"inventory", "export"},
          .summary = "Write the stock as a CSV file that import reads",
          .flags = {{.name = "output",
                     .value = "FILE",
                     .help = "File to write; none = standard output",
                     .kind = Files()},
                    {.name = "force", .help = "Overwrite the file"},
                    {.name = "filter", .value = "FILTER", .help = "Fields: product, lot"}},
          .examples = {"mesoctl inventory export --site par-1",
                       "mesoctl inventory export --output all-sites.csv --force"},
          .run = Export};
}

Command SensorCommand() {
  return {
      .path = {"sensors", "record"},
      .summary = "Take in what a sensor measured: lines of time,degrees",
      .details =
          "A time is 2026-11-20T08:00:00Z, or relative, as now and -10m. With --request-id each "
          "batch of 5000 lines gets an id derived from it, so that the same file gets the same "
          "answer again; its times must not be relative then.",
      .arguments = {{.name = "FILE", .help = "The file; - reads standard input", .kind = Files()}},
      .flags = {{.name = "unit",
                 .value = "UNIT",
                 .help = "The storage unit the sensor is in: SITE/UNIT, or UNIT with --site",
                 .required = true},
                {.name = "sensor",
                 .value = "SERIAL",
                 .help = "The sensor's serial number",
                 .required = true}},
      .examples = {"echo now,5.2 | mesoctl sensors record - --unit par-1/main --sensor S-1",
                   "printf '%s\\n' -20m,5.3 -10m,5.1 | mesoctl sensors record - --unit main --site "
                   "par-1 --sensor S-1 -o json"},
      .run = RecordTemperatures,
      .takes = {"request-id"}};
}

Command LabelCommand() {
  return {
      .path = {"lots", "label"},
      .summary = "Draw a lot's label, a GS1 DataMatrix, as SVG or PNG",
      .arguments = {{.name = "LOT", .help = "lots/ID"}},
      .flags = {{.name = "output",
                 .value = "FILE",
                 .help = "File to write; .png gives a PNG, anything else an SVG",
                 .required = true,
                 .kind = Files()}},
      .examples = {"mesoctl lots label $(mesoctl lots list -o name --limit 1) --output label.svg",
                   "mesoctl lots label $(mesoctl lots list -o name --limit 1) --output label.png"},
      .run = Label};
}

}  // namespace

std::vector<Command> StockFileCommands() {
  return {ImportCommand(), ExportCommand(), SensorCommand(), LabelCommand()};
}

}  // namespace meso::mesoctl
