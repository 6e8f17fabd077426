"""The shipped model on the 16 patients that nothing was trained or selected on."""

import pytest

from cmr.model_store import open_model
from tests.conftest import ROOT
from training.splits import read_splits
from validation.model_figures import KEPT_OUT, figures, measure_set
from validation.model_manifests import write_acdc
from validation.whole_run import RunError

pytestmark = pytest.mark.requirement("NET-14")

FOLDER = open_model(ROOT / "models", "cine_sax")
# Mean over ED and ES of the 3-D Dice per patient on the original grid. Wanted: 0.91, 0.895, 0.945;
# reached: the card. These bounds keep it from getting worse.
LEAST = {"rv": 0.89, "myo": 0.89, "lv": 0.935}


@pytest.fixture(scope="module")
def found(acdc, tmp_path_factory):
    """Figures by the command that a site would run."""
    work = tmp_path_factory.mktemp("work")
    manifest = write_acdc(acdc.parent, read_splits().test, work / "acdc-test.csv")
    return figures(measure_set([manifest], [ROOT / "models"], work))


def test_what_cannot_be_measured_whole_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"gone\.csv: .*cannot be read"):
        measure_set([tmp_path / "gone.csv"], [ROOT / "models"], tmp_path)
    manifest = tmp_path / "cases.csv"
    manifest.write_text("case,phase,image,reference,structures\na,ed,gone.nii.gz,gone.nii.gz,lv\n")
    with pytest.raises(RunError, match=r"cases\.csv: a: ed: image missing"):
        measure_set([manifest], [ROOT / "models"], tmp_path)


@pytest.mark.requirement("CINE-43")
@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("name", LEAST)
def test_dice_on_kept_out_patients(found, name):
    assert found["cases"] == 16
    assert found["dice"][name]["mean"] >= LEAST[name]


@pytest.mark.real_data
@pytest.mark.slow
def test_the_card_tells_the_truth(found):
    """Written figures are those measured here; another CPU may round a pixel differently."""
    written = FOLDER.metadata.figures[KEPT_OUT]
    assert written.keys() == found.keys()
    for name, dice in written["dice"].items():
        assert found["dice"][name] == pytest.approx(dice, abs=0.002)
    assert found["lv.ef_pct"]["mae"] == pytest.approx(written["lv.ef_pct"]["mae"], abs=0.1)
