"""No address leads to a file of the machine."""

from tests.attack import of_paths
from tests.attack.ground import Ground


def test_no_path_leads_out_of_where_files_are(stood_on: Ground):
    assert of_paths.outside(stood_on, every=17).missed == []
