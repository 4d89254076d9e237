#include "services/mesoctl/api/api_commands.h"

#include <cstring>

namespace meso::mesoctl {
namespace {

constexpr ApiNoun kNouns[] = {
    {"appointments", "Find, hold, book and carry out sessions",
     "mesoctl appointments list --site par-1", "mesoctl appointments list --state booked -o csv"},
    {"sites", "The chain's sites", "mesoctl sites list", "mesoctl sites get par-1"},
    {"practitioners", "Who treats, and what for", "mesoctl practitioners list",
     "mesoctl practitioners list -o name"},
    {"rooms", "The rooms of the sites", "mesoctl rooms list --site par-1",
     "mesoctl rooms list -o name"},
    {"devices", "The devices of the sites", "mesoctl devices list --site par-1",
     "mesoctl devices list -o name"},
    {"treatments", "The treatments on offer", "mesoctl treatments list",
     "mesoctl treatments get T-FACE"},
    {"screening", "Is this treatment safe for this patient",
     "mesoctl screening check PT-0007 --site par-1 --treatment T-FACE --cocktail C-01",
     "mesoctl screening rank PT-0007 --site par-1 --treatment T-FACE"},
    {"questionnaires", "What patients are asked", "mesoctl questionnaires list",
     "mesoctl questionnaires get meso-default"},
    {"rulesets", "The rules that decide what is safe", "mesoctl rulesets list",
     "mesoctl rulesets list --state published"},
    {"products", "What the chain stocks", "mesoctl products list", "mesoctl products get AMP-HA1"},
    {"cocktails", "Recipes, in revisions", "mesoctl cocktails list --newest true",
     "mesoctl cocktails get C-01"},
    {"lots", "Lots of products, and holds on them", "mesoctl lots list",
     "mesoctl lots list --product AMP-HA1"},
    {"stock", "What is on the shelves, and taking it in and out", "mesoctl stock list --site par-1",
     "mesoctl stock list --product AMP-HA1"},
    {"inventory", "The inventory manager's day: levels, expiring, reorder, receive",
     "mesoctl inventory levels --site par-1", "mesoctl inventory expiring --site par-1"},
    {"containers", "Opened vials and what is left in them", "mesoctl containers list --site par-1",
     "mesoctl containers list --due true"},
    {"transfers", "Stock on its way between sites", "mesoctl transfers list",
     "mesoctl transfers list --state shipped"},
    {"counts", "Counting what is on the shelves", "mesoctl counts list --site par-1",
     "mesoctl counts list --state open"},
    {"par", "What should be on the shelves", "mesoctl par list --site par-1",
     "mesoctl par list --product AMP-HA1"},
    {"excursions", "When the cold chain broke", "mesoctl excursions list --site par-1",
     "mesoctl excursions list --state ended"},
    {"sensors", "Temperature sensors", "mesoctl sensors list --site par-1",
     "mesoctl sensors list --silent true"},
    {"storage", "Where stock is kept", "mesoctl storage list --site par-1",
     "mesoctl storage list -o json"},
    {"movements", "Everything that ever moved: the stock ledger",
     "mesoctl movements list --site par-1 --limit 20", "mesoctl movements list --kind receipt"},
    {"reservations", "Stock kept for sessions", "mesoctl reservations list --site par-1",
     "mesoctl reservations list --state reserved"},
    {"administrations", "What was given to whom", "mesoctl administrations list --site par-1",
     "mesoctl administrations list --deviation true"},
    {"recalls", "Lots called back, and whom it reaches", "mesoctl recalls list",
     "mesoctl recalls list --state open"},
    {"trace", "From a lot to its patients, from a patient to the lots",
     "mesoctl trace patient PT-0007", "mesoctl trace patient PT-0007 -o json"},
    {"ledger", "Whether the stock ledger adds up", "mesoctl ledger check",
     "mesoctl ledger check -o json"},
    {"audit", "The audit log: read, export, verify", "mesoctl audit entries --limit 20",
     "mesoctl audit checkpoint"},
    {"grants", "What external auditors may read of the log", "mesoctl grants list",
     "mesoctl grants list --state active"},
    {"emergencies", "Emergency accesses to a patient's timeline", "mesoctl emergencies list",
     "mesoctl emergencies list --review none"},
};

}  // namespace

absl::Span<const ApiNoun> ApiNouns() { return kNouns; }

std::vector<const ApiCommand*> ApiCommands() {
  std::vector<const ApiCommand*> all;
  for (const auto& part : {SchedulingCommands(), ScreeningCommands(), InventoryCommands(),
                           StockCommands(), AuditCommands(), AuditControlCommands()}) {
    for (const ApiCommand& command : part) all.push_back(&command);
  }
  return all;
}

const ApiCommand* ListOf(const std::string& noun) {
  for (const ApiCommand* command : ApiCommands()) {
    if (command->noun == noun && std::strcmp(command->verb, "list") == 0) return command;
  }
  return nullptr;
}

}  // namespace meso::mesoctl
