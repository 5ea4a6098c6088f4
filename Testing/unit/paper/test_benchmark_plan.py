"""What the tables ask for, what the paper printed, and what is refused."""

import pytest

from SwinX2SLib.datasets.catalogue import DATASETS
from SwinX2SLib.errors import InputError
from SwinX2SLib.models.builder import known_variants
from SwinX2SLib.paper.plan import CHANGES, UNTRAINABLE, plan
from SwinX2SLib.paper.published import load_benchmark, load_published
from SwinX2SLib.paper.run import CellScores, Result
from SwinX2SLib.paper.tables import as_csv, as_markdown, make_tables, remarks


@pytest.fixture
def whole(tmp_path, write_config):
    """A benchmark of all tables on one data set."""
    (tmp_path / "manifest.json").write_text("[]")
    return load_benchmark(write_config(tmp_path, "steps = 50"))


def cells_of(config, **wanted):
    cells = plan(config, load_published())
    return [c for c in cells if all(getattr(c.row, name) == value for name, value in wanted.items())]


def test_the_papers_rows_name_networks_and_data_sets_that_there_are():
    published = load_published()
    assert {row.model for row in published.rows} <= set(known_variants())
    assert set(published.data_sets) == set(DATASETS)
    counts = [sum(row.table == table for row in published.rows) for table in "2345"]
    assert counts == [9, 36, 5, 9]
    assert {row.views for row in published.rows} == {1, 2, 4, 10, 20}
    for row in published.rows:
        assert set(row.paper) == set(published.columns[row.table])
        assert all(value is None or 0 < value < 100 for value in row.paper.values())
    best = max(
        (r for r in published.rows if r.data_set == "ctspine1k" and r.paper["dice"]),
        key=lambda r: r.paper["dice"],
    )
    assert (best.table, best.row, best.paper["dice"]) == ("4", "N = 10", 84.04)


def test_rows_that_need_the_same_training_share_it(whole):
    base = [
        *cells_of(whole, table="2", data_set="ctspine1k"),
        *cells_of(whole, table="3", data_set="ctspine1k", model="swinx2s-base"),
        *cells_of(whole, table="4", views=1),
        *cells_of(whole, table="5", row="Swin-X2S-Base"),
    ]
    assert len(base) == 4
    assert {cell.training.name for cell in base} == {"ctspine1k-swinx2s-base"}
    assert [cell.radiographs for cell in base] == ["given", "given", "projected", "given"]
    networks = cells_of(whole, table="3", data_set="ctspine1k")
    assert len({cell.training.name for cell in networks}) == 12
    same = ("steps", "minutes", "batch_size", "learning_rate", "seed", "warmup_steps", "accumulate")
    for name in same:
        assert len({getattr(cell.training.config, name) for cell in networks}) == 1, name
    assert networks[0].training.config.steps == 50


def test_ablations_change_what_their_row_says_and_nothing_else(whole):
    rows = {cell.row.change: cell for cell in cells_of(whole, table="5", model="swinx2s-base")}
    plain = rows[None].training.config
    for change, lacking in CHANGES.items():
        if change == "no-pretraining":
            continue
        changed = rows[change].training.config
        different = {name for name in vars(plain) if getattr(plain, name) != getattr(changed, name)}
        assert different == set(lacking)
    assert rows["no-convolution-skip"].reason == UNTRAINABLE
    assert "pretrained = true" in rows["no-pretraining"].reason
    assert cells_of(whole, table="4", views=10)[0].training.config.network["views_per_plane"] == 10


def test_networks_without_imagenet_weights_start_fresh_and_say_so(tmp_path, write_config):
    (tmp_path / "manifest.json").write_text("[]")
    path = write_config(tmp_path, "steps = 50\ntables = [5]")
    path.write_text(
        path.read_text().replace("[training]", "[training]\npretrained = true").replace("swinx2s-base]", "unet2]")
        .replace("[model.unet2]\nnetwork = { embed_dim = 4, depths = [1, 1, 1, 1], heads = [1, 1, 1, 1] }", "")
    )  # fmt: skip
    cells = {cell.row.row: cell for cell in plan(load_benchmark(path), load_published())}
    assert cells["Swin-X2S-Base"].training.config.pretrained
    assert not cells["Swin-X2S-Base w/o pre-training"].training.config.pretrained
    assert not cells["Swin-X2S-Tiny"].training.config.pretrained
    assert "ImageNet" in cells["Swin-X2S-Tiny"].training.notes[0]


def test_all_faults_of_a_benchmark_are_told_at_once(tmp_path):
    path = tmp_path / "benchmark.toml"
    path.write_text(
        'steps = 5\nminutes = 2\nmodels = ["vgg"]\ntables = [7]\nviews = [3]\n'
        '[data]\nmnist = "a.json"\n[training]\nsteps = 3\n[model.unet]\nlayout_steps = 2\n'
    )
    with pytest.raises(InputError) as caught:
        load_benchmark(path)
    told = str(caught.value)
    for word in (
        "vgg",
        "tables has 7",
        "views has 3",
        "mnist",
        "not both",
        "steps cannot",
        "layout_steps cannot",
    ):
        assert word in told
    path.write_text('colour = 3\nsteps = "many"\n')
    with pytest.raises(InputError) as caught:
        load_benchmark(path)
    assert len(caught.value.faults) == 2
    for damaged in (b"steps = '\xff'", b"steps = " + b"9" * 5000, b"steps = " + b"[" * 100_000):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="parameters cannot be read"):
            load_benchmark(path)
    path.write_text('[data]\nctspine1k = "absent.json"\n')
    with pytest.raises(InputError, match=r"absent\.json does not exist"):
        load_benchmark(path)


def test_unknown_training_parameters_and_unknown_weights_are_refused(tmp_path, write_config):
    (tmp_path / "manifest.json").write_text("[]")
    path = write_config(tmp_path, "steps = 5", '[weights]\nsomething = "manifest.json"')
    with pytest.raises(InputError, match="Unknown training 'something'"):
        plan(load_benchmark(path), load_published())
    path.write_text(
        path.read_text().replace("batch_size", "batches").replace("[weights]\nsomething", "[weights]\n#")
    )
    with pytest.raises(InputError, match="Unknown parameter 'batches'"):
        plan(load_benchmark(path), load_published())


def test_tables_show_the_papers_figure_ours_n_and_reasons(whole):
    published = load_published()
    cells = plan(whole, published)
    scores = CellScores(
        values={"dice": 51.234, "hausdorff95_mm": None, "localisation_error_mm": 7.5, "identification_rate": 80.0},
        cases={"dice": 3, "hausdorff95_mm": 0, "localisation_error_mm": 2, "identification_rate": 3},
        foreground_dice=42.0,
        evaluated=3,
        failed=("case7: torn",),
        about={"budget": "50 steps", "people": 9, "parameters": 1_300_000, "notes": []},
    )  # fmt: skip
    results = [
        Result(cell, scores)
        if cell.training and cell.row.model == "unet"
        else Result(cell, reason=cell.reason)
        for cell in cells
    ]
    tables = make_tables(results, published)
    assert [table.number for table in tables] == ["2", "3", "3", "3", "4", "5"]
    text = as_markdown(tables, remarks(whole, published))
    (line,) = (line for line in text.splitlines() if line.startswith("| UNet") and "51.23" in line)
    assert "69.15 / 51.23 | 11.77 / - (n = 0) | 5.39 / 7.50 (n = 2) | 73.94 / 80.00 | 42.00 | 3 |" in line
    assert "50 steps, people: 9, 1.30 M" in line
    assert "Not evaluated: case7: torn" in line
    assert "| - / not run | - / not run | - | 0 | - | " + UNTRAINABLE in text
    rows = as_csv(results).splitlines()
    assert len(rows) == 1 + sum(len(cell.row.paper) for cell in cells)
    assert sum(",done," in row for row in rows) == 4
