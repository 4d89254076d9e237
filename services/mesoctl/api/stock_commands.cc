// Rows of the commands for stock work: by hand, opened containers, transfers, counts, planning,
// cold chain, recalls as cases.
#include "services/mesoctl/api/api_commands.h"

namespace meso::mesoctl {
namespace {

constexpr char kMovementColumns[] =
    "name,kind,lot,from_account,to_account,ampoules,reason,actor,record_time";
constexpr char kContainerColumns[] =
    "name,product,lot_number,state,remaining_microlitres,beyond_use_time,reasons";
constexpr char kTransferColumns[] =
    "name,state,from_site,to_site,document,lines.lot_number,"
    "lines.ampoules,lines.in_transit_ampoules";
constexpr char kCountColumns[] = "name,state,done_lines,creator,create_time,poster";
constexpr char kSheetColumns[] =
    "product,lot_number,storage_unit,counted,counted_ampoules,book_ampoules,variance_ampoules,"
    "recount,counter,reason";
constexpr char kExcursionColumns[] =
    "name,storage_unit,state,begin_time,end_time,min_centidegrees,max_centidegrees,lots.lot_number,"
    "lots.causes";
constexpr char kRecallColumns[] =
    "name,state,severity,reference,sites.site,sites.acknowledged_by,effectiveness.recovered_"
    "permille";
constexpr char kParColumns[] =
    "name,par_ampoules,reorder_point_ampoules,lead_time_days,service_level_permille";

// A lot of the product with units at the site.
#define LOT_AT(site, product) \
  "$(mesoctl stock list --site " site " --product " product " -o name --limit 1)"

constexpr ApiCommand kCommands[] = {
    {.noun = "products",
     .verb = "delete",
     .method = "InventoryService.DeleteProduct",
     .argument = "name",
     .columns = "name,display_name,gtin",
     .summary = "Remove a product nothing was ever received of",
     .example_1 = "mesoctl products delete AMP-SPARE",
     .example_2 = "mesoctl products delete AMP-SPARE -o json"},
    {.noun = "lots",
     .verb = "inspect",
     .method = "InventoryService.InspectLot",
     .argument = "name",
     .columns = "name,product,lot_number,expiry_date,state,held",
     .summary = "Say whether a received lot passed its inspection",
     .example_1 = "mesoctl lots inspect " LOT_AT(
         "par-1", "AMP-NEW") " --outcome release --note 'labels and seals are good'",
     .example_2 = "mesoctl lots inspect " LOT_AT(
         "par-1", "AMP-NEW") " --outcome reject --note 'cloudy' -o json"},

    {.noun = "inventory",
     .verb = "levels",
     .method = "InventoryService.ListStockLevels",
     .rows = "product_levels",
     .columns =
         "site,product,display_name,on_hand,available,reserved,quarantined,inbound,opened,par,"
         "days_of_cover_tenths,next_expiry_date",
     .key = "product",
     .filters = "product",
     .fixed = "view=VIEW_PRODUCTS",
     .summary = "What every site has of every product, with par and days of cover",
     .example_1 = "mesoctl inventory levels --site par-1",
     .example_2 = "mesoctl inventory levels --product AMP-HA1 -o csv"},
    {.noun = "inventory",
     .verb = "expiring",
     .method = "InventoryService.ListExpiring",
     .rows = "lines",
     .columns =
         "stock_level.site,stock_level.product,stock_level.lot_number,removal_date,days_left,"
         "stock_level.on_hand,projected_use_ampoules,projected_waste_ampoules,offers.site",
     .key = "stock_level.lot",
     .filters = "product,waste",
     .summary = "What will expire, what will be left of it, and who could use it",
     .example_1 = "mesoctl inventory expiring --site par-1",
     .example_2 = "mesoctl inventory expiring --within_days 365 --waste true -o csv"},
    {.noun = "inventory",
     .verb = "reorder",
     .method = "InventoryService.ListReorderSuggestions",
     .rows = "suggestions",
     .columns = "site,product,display_name,available_ampoules,inbound_ampoules,committed_ampoules,"
                "days_of_cover_tenths,reorder_point_ampoules,par_ampoules,suggested_packs,due",
     .key = "product",
     .filters = "product,due",
     .summary = "What to order, and the numbers behind it",
     .example_1 = "mesoctl inventory reorder --site par-1",
     .example_2 = "mesoctl inventory reorder --due true -o csv"},
    {.noun = "inventory",
     .verb = "receive",
     .method = "InventoryService.ReceiveStock",
     .columns = "lot.name,lot.product,lot.lot_number,lot.expiry_date,stock_level.on_hand,warnings",
     .key = "lot.name",
     .summary = "Take a delivery in, from a scan or by its fields",
     .example_1 =
         "mesoctl inventory receive --site par-1 --scan ']d201095212340001121731063010INV-7' "
         "--document DN-81",
     .example_2 = "mesoctl inventory receive --site par-1 --product AMP-HA1 --lot_number INV-8 "
                  "--expiry_date 2031-06-30 --ampoules 20 --document DN-82 --dry-run"},
    {.noun = "inventory",
     .verb = "excursions",
     .method = "InventoryService.ListExcursions",
     .rows = "excursions",
     .columns = kExcursionColumns,
     .filters = "storage_unit,state,lot",
     .summary = "When a fridge was too warm, and what it means for the lots in it",
     .example_1 = "mesoctl inventory excursions --site par-1",
     .example_2 = "mesoctl inventory excursions --state ended -o json"},
    {.noun = "inventory",
     .verb = "promise",
     .method = "InventoryService.PromiseStock",
     .summary = "Whether a site can do a recipe on a date, and why not",
     .example_1 = "mesoctl inventory promise --site par-1 --cocktail C-01 --use_time +30d",
     .example_2 = "mesoctl inventory promise --site par-1 --cocktail C-01 --use_time +3d "
                  "--sessions 20 -o json"},

    {.noun = "stock",
     .verb = "waste",
     .method = "InventoryService.WasteStock",
     .columns = kMovementColumns,
     .summary = "Throw units away: from a shelf, or drawn for --appointment",
     .example_1 = "mesoctl stock waste --site par-1 --lot " LOT_AT(
         "par-1", "AMP-HA1") " --ampoules 1 --reason broken",
     .example_2 = "mesoctl stock waste --site par-1 --lot " LOT_AT(
         "par-1", "AMP-HA1") " --ampoules 1 --reason other --note 'label torn off' -o json"},
    {.noun = "stock",
     .verb = "adjust",
     .method = "InventoryService.AdjustStock",
     .columns = kMovementColumns,
     .summary = "Bring the books into line with the shelf",
     .example_1 = "mesoctl stock adjust --site par-1 --lot " LOT_AT(
         "par-1", "AMP-HA1") " --delta 2 --reason found --occurred_time yesterday",
     .example_2 = "mesoctl stock adjust --site par-1 --lot " LOT_AT(
         "par-1", "AMP-HA1") " --delta=-1 --reason other --note 'fell behind the fridge' -o json"},
    {.noun = "stock",
     .verb = "return",
     .method = "InventoryService.ReturnDrawnStock",
     .argument = "appointment",
     .rows = "drawn_lots",
     .columns = "product,lot_number,expiry_date,ampoules,accounted_ampoules",
     .key = "lot",
     .summary = "Put drawn, unopened units back onto the shelf",
     .example_1 = "A=$(mesoctl appointments list --state checked_in -o name --limit 1); mesoctl "
                  "stock return $A --lot " LOT_AT("$(echo $A | cut -d / -f 2)",
                                                  "AMP-HA1") " --ampoules 1 --reason not_needed",
     .example_2 =
         "A=$(mesoctl appointments list --state checked_in -o name --limit 1); mesoctl "
         "stock return $A --lot " LOT_AT("$(echo $A | cut -d / -f 2)",
                                         "AMP-HA1") " --ampoules 1 --reason wrong_lot -o json"},
    {.noun = "stock",
     .verb = "dispense",
     .method = "InventoryService.DispenseHomeCare",
     .columns = "name,site,product,lot_number,expiry_date,ampoules,use_until_date",
     .summary = "Hand units to a patient for use at home",
     .example_1 = "mesoctl stock dispense --site par-1 --patient PT-0007 --practitioner par-1-dr-1 "
                  "--lot " LOT_AT("par-1", "AMP-HOME") " --ampoules 1",
     .example_2 = "mesoctl stock dispense --site par-1 --patient PT-0007 --practitioner par-1-dr-1 "
                  "--lot " LOT_AT("par-1", "AMP-HOME") " --ampoules 1 -o json"},
    {.noun = "stock",
     .verb = "sendback",
     .method = "InventoryService.ReturnToSupplier",
     .columns = kMovementColumns,
     .summary = "Send units back to the supplier",
     .example_1 = "mesoctl stock sendback --site par-1 --lot " LOT_AT(
         "par-1", "AMP-VC") " --ampoules 2 --reason damaged --document RN-1",
     .example_2 = "mesoctl stock sendback --site par-1 --lot " LOT_AT(
         "par-1", "AMP-VC") " --ampoules 2 --reason short_dated --document RN-2 -o json"},
    {.noun = "stock",
     .verb = "dispose",
     .method = "InventoryService.DisposeLot",
     .argument = "name",
     .rows = "movements",
     .columns = kMovementColumns,
     .summary = "Destroy a lot's units at a site before a witness",
     .example_1 = "mesoctl stock dispose " LOT_AT(
         "par-1", "AMP-PDR") " --site par-1 --storage_unit main --ampoules 1 --reason expired "
                             "--witness users/pharmacist --document DR-1",
     .example_2 = "mesoctl stock dispose " LOT_AT(
         "par-1", "AMP-PDR") " --site par-1 --reason recalled --witness users/pharmacist "
                             "--document DR-2 -o json"},

    {.noun = "containers",
     .verb = "open",
     .method = "InventoryService.OpenContainer",
     .columns = kContainerColumns,
     .summary = "Open a vial: from then on its volume is accounted for",
     .example_1 = "mesoctl containers open --site par-1 --lot " LOT_AT("par-1", "AMP-MULTI"),
     .example_2 = "mesoctl containers open --site par-1 --lot " LOT_AT(
         "par-1", "AMP-MULTI") " --fefo_override doctor_decision -o name"},
    {.noun = "containers",
     .verb = "get",
     .method = "InventoryService.GetOpenedContainer",
     .argument = "name",
     .summary = "Show one opened container and who drew from it",
     .example_1 =
         "mesoctl containers list --site par-1 -o name --limit 1 | mesoctl containers get -",
     .example_2 = "mesoctl containers list --site par-1 -o name --limit 1 | mesoctl containers get "
                  "- -o json"},
    {.noun = "containers",
     .verb = "list",
     .method = "InventoryService.ListOpenedContainers",
     .rows = "opened_containers",
     .columns = kContainerColumns,
     .filters = "product,lot,state,due",
     .summary = "List opened containers; --due true is the end-of-day waste list",
     .example_1 = "mesoctl containers list --site par-1 --state open",
     .example_2 = "mesoctl containers list --site par-1 --due true"},
    {.noun = "containers",
     .verb = "discard",
     .method = "InventoryService.DiscardContainer",
     .argument = "name",
     .columns = kContainerColumns,
     .summary = "Throw away what is left in an opened container",
     .example_1 = "mesoctl containers list --site par-1 --state open -o name --limit 1 | mesoctl "
                  "containers discard - --reason leftover",
     .example_2 = "mesoctl containers list --site par-1 --state open -o name --limit 1 | mesoctl "
                  "containers discard - --reason contaminated -o json"},

    {.noun = "transfers",
     .verb = "create",
     .method = "InventoryService.CreateTransfer",
     .columns = kTransferColumns,
     .summary = "Write a transfer to another site; nothing moves before ship",
     .example_1 =
         "mesoctl transfers create --from_site par-1 --to_site syd-1 --document TN-1 --json "
         "\"{\\\"lines\\\": [{\\\"lot\\\": \\\"" LOT_AT("par-1",
                                                        "AMP-HA1") "\\\", "
                                                                   "\\\"ampoules\\\": 4}]}\"",
     .example_2 =
         "mesoctl transfers create --dry-run --from_site par-1 --to_site syd-1 --document TN-2 "
         "--json \"{\\\"lines\\\": [{\\\"lot\\\": \\\"" LOT_AT(
             "par-1", "AMP-HA1") "\\\", "
                                 "\\\"ampoules\\\": 4}]}\""},
    {.noun = "transfers",
     .verb = "get",
     .method = "InventoryService.GetTransfer",
     .argument = "name",
     .summary = "Show one transfer",
     .example_1 = "mesoctl transfers list -o name --limit 1 | mesoctl transfers get -",
     .example_2 = "mesoctl transfers list -o name --limit 1 | mesoctl transfers get - -o json"},
    {.noun = "transfers",
     .verb = "list",
     .method = "InventoryService.ListTransfers",
     .rows = "transfers",
     .columns = kTransferColumns,
     .filters = "state,from_site,to_site,lot",
     .summary = "List transfers",
     .example_1 = "mesoctl transfers list",
     .example_2 = "mesoctl transfers list --state shipped -o csv"},
    {.noun = "transfers",
     .verb = "ship",
     .method = "InventoryService.ShipTransfer",
     .argument = "name",
     .columns = kTransferColumns,
     .summary = "Send a transfer off",
     .example_1 =
         "mesoctl transfers list --state draft -o name --limit 1 | mesoctl transfers ship -",
     .example_2 =
         "mesoctl transfers list --state draft -o name --limit 1 | mesoctl transfers ship - "
         "--take_reserved"},
    {.noun = "transfers",
     .verb = "receive",
     .method = "InventoryService.ReceiveTransfer",
     .argument = "name",
     .columns = kTransferColumns,
     .summary = "Take a transfer in: in order, damaged, too many; what is missing must be closed",
     .example_1 =
         "T=$(mesoctl transfers list --state shipped -o name --limit 1); mesoctl transfers "
         "receive $T --json \"{\\\"lines\\\": [{\\\"lot\\\": \\\"$(mesoctl transfers get $T -o "
         "json | grep -o 'lots/[-0-9a-f]*' | head -n 1)\\\", \\\"ampoules\\\": 4}]}\"",
     .example_2 =
         "T=$(mesoctl transfers list --state shipped -o name --limit 1); mesoctl transfers "
         "receive $T --json \"{\\\"lines\\\": [{\\\"lot\\\": \\\"$(mesoctl transfers get $T -o "
         "json | grep -o 'lots/[-0-9a-f]*' | head -n 1)\\\", \\\"ampoules\\\": 3, "
         "\\\"damaged_ampoules\\\": 1, \\\"reason\\\": \\\"box crushed\\\"}]}\""},
    {.noun = "transfers",
     .verb = "close",
     .method = "InventoryService.CloseTransfer",
     .argument = "name",
     .columns = kTransferColumns,
     .summary = "Account for what did not arrive, all or a part; another person than who received "
                "it, and for LOST than who shipped it",
     .example_1 =
         "T=$(mesoctl transfers list --state variance -o name --limit 1); "
         "MESO_TOKEN_FILE=$SECOND_TOKEN mesoctl transfers close $T --json "
         "\"{\\\"resolutions\\\": [{\\\"lot\\\": \\\"$(mesoctl transfers get $T -o json | grep -o "
         "'lots/[-0-9a-f]*' | head -n 1)\\\", \\\"kind\\\": \\\"KIND_LOST\\\", \\\"ampoules\\\": "
         "1, "
         "\\\"reason\\\": \\\"searched at both ends\\\"}]}\"",
     .example_2 = "mesoctl describe CloseTransfer"},
    {.noun = "transfers",
     .verb = "cancel",
     .method = "InventoryService.CancelTransfer",
     .argument = "name",
     .columns = kTransferColumns,
     .summary = "Call a transfer off; shipped units go back onto the sender's shelf",
     .example_1 =
         "mesoctl transfers list --state draft -o name --limit 1 | mesoctl transfers cancel - "
         "--reason 'not needed any more'",
     .example_2 =
         "mesoctl transfers list --state draft -o name --limit 1 | mesoctl transfers cancel - "
         "--reason 'wrong site' -o json"},

    {.noun = "counts",
     .verb = "create",
     .method = "InventoryService.CreateStockCount",
     .columns = kCountColumns,
     .summary = "Begin a blind count",
     .example_1 = "mesoctl counts create --site par-1 --storage_unit main",
     .example_2 = "mesoctl counts create --site par-1 --products AMP-HA1 -o name"},
    {.noun = "counts",
     .verb = "get",
     .method = "InventoryService.GetStockCount",
     .argument = "name",
     .rows = "lines",
     .columns = kSheetColumns,
     .key = "lot",
     .summary = "Show the sheet of a count",
     .example_1 = "mesoctl counts list --site par-1 -o name --limit 1 | mesoctl counts get -",
     .example_2 =
         "mesoctl counts list --site par-1 -o name --limit 1 | mesoctl counts get - -o csv"},
    {.noun = "counts",
     .verb = "list",
     .method = "InventoryService.ListStockCounts",
     .rows = "stock_counts",
     .columns = kCountColumns,
     .filters = "state",
     .summary = "List counts",
     .example_1 = "mesoctl counts list --site par-1",
     .example_2 = "mesoctl counts list --state open -o name"},
    {.noun = "counts",
     .verb = "record",
     .method = "InventoryService.RecordStockCount",
     .argument = "name",
     .rows = "lines",
     .columns = kSheetColumns,
     .key = "lot",
     .summary = "Enter what was counted; the sheet says what must be counted once more",
     .example_1 =
         "C=$(mesoctl counts list --site par-1 --state open -o name --limit 1); mesoctl counts "
         "record $C --json \"{\\\"lines\\\": [{\\\"lot\\\": \\\"$(mesoctl counts get $C -o name | "
         "head -n 1)\\\", \\\"ampoules\\\": 20}]}\"",
     .example_2 = "mesoctl describe RecordStockCount"},
    {.noun = "counts",
     .verb = "post",
     .method = "InventoryService.PostStockCount",
     .argument = "name",
     .rows = "lines",
     .columns = kSheetColumns,
     .key = "lot",
     .summary = "Put the differences into the books; another person than the counters",
     .example_1 = "mesoctl counts list --site par-1 --state open -o name --limit 1 | "
                  "MESO_TOKEN_FILE=$SECOND_TOKEN mesoctl counts post - --dry-run",
     .example_2 = "mesoctl counts list --site par-1 --state open -o name --limit 1 | "
                  "MESO_TOKEN_FILE=$SECOND_TOKEN mesoctl counts post -"},
    {.noun = "counts",
     .verb = "cancel",
     .method = "InventoryService.CancelStockCount",
     .argument = "name",
     .columns = kCountColumns,
     .summary = "Call a count off",
     .example_1 =
         "mesoctl counts list --site par-1 --state open -o name --limit 1 | mesoctl counts "
         "cancel -",
     .example_2 =
         "mesoctl counts list --site par-1 --state open -o name --limit 1 | mesoctl counts "
         "cancel - -o json"},

    {.noun = "par",
     .verb = "list",
     .method = "InventoryService.ListParLevels",
     .rows = "par_levels",
     .columns = kParColumns,
     .filters = "product",
     .summary = "List what should be on the shelves",
     .example_1 = "mesoctl par list --site par-1",
     .example_2 = "mesoctl par list --product AMP-HA1 -o csv"},
    {.noun = "par",
     .verb = "set",
     .method = "InventoryService.UpdateParLevel",
     .argument = "par_level.name",
     .columns = kParColumns,
     .fixed = "allow_missing=true",
     .summary = "Say what should be on the shelves of a product at a site",
     .example_1 = "mesoctl par set par-1/AMP-HA1 --par_ampoules 60",
     .example_2 = "mesoctl par set AMP-VC --site par-1 --par_ampoules 40 --lead_time_days 5 "
                  "--service_level_permille 990"},

    {.noun = "excursions",
     .verb = "get",
     .method = "InventoryService.GetExcursion",
     .argument = "name",
     .summary = "Show one excursion and what it means for each lot",
     .example_1 =
         "mesoctl excursions list --site par-1 -o name --limit 1 | mesoctl excursions get -",
     .example_2 = "mesoctl excursions list --site par-1 -o name --limit 1 | mesoctl excursions get "
                  "- -o json"},
    {.noun = "excursions",
     .verb = "list",
     .method = "InventoryService.ListExcursions",
     .rows = "excursions",
     .columns = kExcursionColumns,
     .filters = "storage_unit,state,lot",
     .summary = "List excursions of the cold chain",
     .example_1 = "mesoctl excursions list --site par-1",
     .example_2 = "mesoctl excursions list --state ended -o json"},
    {.noun = "excursions",
     .verb = "resolve",
     .method = "InventoryService.ResolveExcursion",
     .argument = "name",
     .columns = kExcursionColumns,
     .summary = "Decide what becomes of the lots of an excursion",
     .example_1 =
         "E=$(mesoctl excursions list --state ended -o name --limit 1); mesoctl excursions "
         "resolve $E --note 'the maker allows it' --json \"{\\\"decisions\\\": [{\\\"lot\\\": "
         "\\\"$(mesoctl excursions get $E -o json | grep -o 'lots/[-0-9a-f]*' | head -n 1)\\\", "
         "\\\"decision\\\": \\\"DECISION_RELEASE\\\"}]}\"",
     .example_2 = "mesoctl describe ResolveExcursion"},
    {.noun = "sensors",
     .verb = "list",
     .method = "InventoryService.ListSensors",
     .rows = "sensors",
     .columns =
         "storage_unit,sensor,last_reading.measure_time,last_reading.centidegrees,silent,readings",
     .key = "sensor",
     .filters = "silent",
     .summary = "List the temperature sensors; a silent one is an alarm",
     .example_1 = "mesoctl sensors list --site par-1",
     .example_2 = "mesoctl sensors list --silent true"},

    {.noun = "recalls",
     .verb = "acknowledge",
     .method = "InventoryService.AcknowledgeRecall",
     .argument = "name",
     .columns = kRecallColumns,
     .summary = "Say that a site has set its units of a recall aside",
     .example_1 =
         "mesoctl recalls list --state open -o name --limit 1 | mesoctl recalls acknowledge - "
         "--site par-1 --found_ampoules 5",
     .example_2 =
         "mesoctl recalls list --state open -o name --limit 1 | mesoctl recalls acknowledge - "
         "--site par-1 --found_ampoules 5 --note 'in the red box' -o json"},
    {.noun = "recalls",
     .verb = "close",
     .method = "InventoryService.CloseRecall",
     .argument = "name",
     .columns = kRecallColumns,
     .summary = "Close a recall once every site has answered and nothing is left",
     .example_1 = "mesoctl recalls list --state open -o name --limit 1 | mesoctl recalls close - "
                  "--evidence 'destruction record DR-2'",
     .example_2 = "mesoctl describe CloseRecall"},
};

}  // namespace

absl::Span<const ApiCommand> StockCommands() { return kCommands; }

}  // namespace meso::mesoctl
