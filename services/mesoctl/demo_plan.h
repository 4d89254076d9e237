// The demo chain as it will be: which calls make it, which patients it has, which sessions they
// book. Everything follows from the data in deploy/demo, a seed and a start date; the same three
// give the same plan on every machine and at every hour.
//
// Made by PlanDemo for demo_load, which carries it out, and by tests. Reads files, calls nobody.
#ifndef MESO_SERVICES_MESOCTL_DEMO_PLAN_H_
#define MESO_SERVICES_MESOCTL_DEMO_PLAN_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "services/mesoctl/json_data.h"

namespace meso::mesoctl {

struct DemoChoice {
  std::string size = "full";  // a name among the sizes of plan.json: full, small
  uint64_t seed = 1;
  absl::CivilDay start;  // every date of the chain is relative to it
};

// One call of the public API.
struct DemoStep {
  std::string as;    // the person who makes it (people.json)
  std::string call;  // the method
  std::string id;    // later steps may name its answer; empty = none does
  Value unless;      // a call; when it succeeds there is nothing to do. Not set = always to do
  Value request;     // may hold ${...}, see json_data.h
};

struct DemoPatient {
  std::string name;       // patients/PT-0001
  std::string site;       // where the patient comes to
  std::string treatment;  // what the patient wishes
  std::string cocktail;   // cocktails/C-01
  std::string rule;       // the screening rule the answers are made for; empty = nothing to report
  Value answers;          // what is special; everything else is "no"
  bool books = false;     // whether sessions are booked
  int first_day = 1;      // the first day after the start a session may be on
};

struct DemoSession {
  std::string site;
  std::string patient;
  std::string treatment;
  std::string cocktail;
  std::string practitioner;
  absl::Time begin;
  absl::Time end;
};

struct DemoPlan {
  std::vector<DemoStep> chain;       // sites, treatments, staff, rooms, devices
  std::vector<DemoStep> products;    // products and cocktails
  std::vector<DemoStep> deliveries;  // every lot to every site that gets it
  std::vector<DemoStep> holds;       // what is set aside or recalled before anything is booked
  std::vector<DemoPatient> patients;
  std::vector<DemoSession> sessions;              // by site and begin
  std::map<std::string, absl::TimeZone> zones;    // by site
  std::map<std::string, std::string> site_names;  // sites/par-1 -> Paris
};

// Errors: those of ReadJson; INVALID_ARGUMENT when the data does not fit together, or names no such
// size.
absl::StatusOr<DemoPlan> PlanDemo(const std::string& data_dir, const DemoChoice& choice);

// The steps of a list as written in the data.
std::vector<DemoStep> ReadSteps(const Value& list);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_DEMO_PLAN_H_
