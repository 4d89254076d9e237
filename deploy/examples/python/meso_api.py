#!/usr/bin/python3
"""Makes Meso's messages and stubs importable.

Importing this module generates them from the protos into a directory that goes away with the
program (0.2 s). A program of yours would keep what protoc makes:

    meso_api.py DIRECTORY                   and MESO_GENERATED=DIRECTORY in the environment from then on

Needs the Debian packages below, and Debian's own Python. Copied elsewhere, it needs the directory proto/ of Meso's tree, too, named by
MESO_PROTO.
"""
import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile



def find_protos():
    """The contract: where MESO_PROTO says, else in the tree this file is in."""
    here = pathlib.Path(__file__).resolve().parent
    named = os.environ.get("MESO_PROTO")
    places = [pathlib.Path(named)] if named else [directory / "proto" for directory in here.parents]
    for place in places:
        if (place / "meso").is_dir() and (place / "service_config.json").is_file():
            return place
    sys.exit(f"Meso's protos are not {'in ' + named if named else 'in a directory above ' + str(here)}: name the directory proto/ of "
             "Meso's tree, or a copy of it, in MESO_PROTO.")


PROTOS = find_protos()
GOOGLEAPIS = "/usr/share/gocode/src/github.com/gogo/googleapis"
INSTALL = ("On Debian:\n  apt-get install python3-grpcio python3-protobuf protobuf-compiler "
           "protobuf-compiler-grpc golang-github-gogo-googleapis-dev")
# What an error's details are made of, and what the protos import; Debian's python3-protobuf lacks both.
GOOGLE = ["google/api/annotations.proto", "google/api/http.proto", "google/rpc/status.proto",
          "google/rpc/error_details.proto"]


def generate(directory):
    """Writes *_pb2.py (messages) and *_pb2_grpc.py (stubs) of the whole API below the directory."""
    plugin = shutil.which("grpc_python_plugin")
    if not plugin or not shutil.which("protoc") or not pathlib.Path(GOOGLEAPIS).is_dir():
        sys.exit(f"What generates Meso's messages is missing. {INSTALL}")
    files = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("meso/**/*.proto"))
    subprocess.run(["protoc", f"--python_out={directory}", f"--grpc_out={directory}",
                    f"--plugin=protoc-gen-grpc={plugin}",
                    f"-I{PROTOS}", f"-I{GOOGLEAPIS}", "-I/usr/include"] + files + GOOGLE, check=True)


def use(directory):
    """Lets Python import what generate() wrote."""
    sys.path.insert(0, str(directory))
    # google.protobuf is installed as a package of its own: let it see google.api and google.rpc too.
    import google
    google.__path__.append(f"{directory}/google")


for package in ("grpc", "google.protobuf"):
    try:
        importlib.import_module(package)
    except ImportError:
        sys.exit(f"{sys.executable} has no {package}; /usr/bin/python3 has it with Debian's packages. "
                 + INSTALL)

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    generate(sys.argv[1])
elif os.environ.get("MESO_GENERATED"):
    use(os.environ["MESO_GENERATED"])
else:
    _generated = tempfile.TemporaryDirectory(prefix="meso-api-")
    generate(_generated.name)
    use(_generated.name)
