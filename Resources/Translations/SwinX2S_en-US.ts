<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US" sourcelanguage="en_US">
    <context>
        <name>Batch</name>
        <message>
            <source>Batch</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Films:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a table or a folder)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Table...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose a CSV table with the columns case, ap, lateral, and where wanted spacing_mm and more.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose a folder: sub-folders of two films each, or files named NAME_ap and NAME_lateral, or DICOM files.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Results:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a folder)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose where the results are written: a new or empty folder, or one of an earlier batch, which goes on.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pixel size:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Size of a pixel at the patient of all films that the table says nothing of [mm].</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as the films say</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> mm</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Model:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The network that reconstructs; the device is that of the section Reconstruct.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>measure every case, too</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure the bones of every case; all values come into one table.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check films</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Only read all films and tell the pairs and what is wrong with them.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Start</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct all pairs that are not finished yet, in the background.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Stop; what is finished is kept, and Start goes on from there.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of the batch</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>How many of the pairs are done.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cases of the batch</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>How each pair went. Double-click a finished one to add it to the scene.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show case</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Add the result of the chosen case to the scene.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open table</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open the table of all cases (batch.csv).</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Compare</name>
        <message>
            <source>Compare with CT</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruction:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a reconstruction)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The bones that are compared. They stay where they are.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CT:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose the CT's bones)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Segmentation or label map of a CT of the same person, in the scene.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>File...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Take a label file instead (NIfTI, NRRD, .seg.nrrd); it is not loaded into the scene.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>File:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Leave out</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compare with what is chosen above, not with the file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Numbering:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>What the values of the CT's labels mean. Segments are known by their names and codes.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Map...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Take a map of your own: JSON or CSV, value or name and our label.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Place:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>How the reconstruction is laid onto the CT before both are compared: radiographs do not know where the patient lay.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>compare measurements, too</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure the bones of both and compare the values.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compare</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compare both in the background; Slicer stays free.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>End the comparison; nothing is changed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of the comparison</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The comparison is under way.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Coloured surfaces</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the reconstruction on the CT, coloured by its distance, instead of where it was.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CT's bones</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the bones of the CT, transparent. Those that were missed are always shown.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Colours:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>What the colours of the surfaces show.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the scores of every bone in a table.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Means</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the means of regions in a table.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measurements</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the measurements of both in a table.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Chart</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Which chart is shown.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the chosen chart.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Report</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open the page with all tables and pictures in the browser.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save page, tables and data into a new folder.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Inputs</name>
        <message>
            <source>Inputs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Frontal film:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a volume, or drop a file here)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The frontal radiograph (AP or PA). Files, folders and items of the Data module's tree may be dropped here.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Lateral film:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The lateral radiograph of the same patient. Files, folders and items of the Data module's tree may be dropped here.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>pixels of exactly 1 mm are right</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A file that states no pixel size is given 1 mm by Slicer, which is rarely true of a radiograph. Tick only if you know that it is.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Convert to gray</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Make a gray copy of every colour picture that is chosen, and choose the copy; the picture itself stays.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load films…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load one or two films from files (DICOM, PNG, JPEG, TIFF, NRRD, NIfTI); which is the frontal one is recognised.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>DICOM database…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose among the radiographs of Slicer's DICOM database (CR, DX, RG, RF, XA), or open its browser to import some.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Swap</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Exchange the frontal and the lateral film, with all that was said about them.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show films</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show both films side by side in their patient planes, with the bones beside them.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>What to change about each film before it is used.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Frontal film</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Rays:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Which way the rays went through the patient. Both hang the same way; PA enlarges other bones.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Picture:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>⟲</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Turn the frontal film a quarter to the left.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>⟳</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Turn the frontal film a quarter to the right.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>⇆</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Flip the frontal film left to right. The patient's right belongs on the left.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>⇅</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Flip the frontal film up to down. The head belongs up.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>◐</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Swap dark and bright of the frontal film. Bone belongs bright.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Crop</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Draw a frame on the frontal film and move its edges; click again to keep only what is inside. Closing the frame over the whole film undoes the crop.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Undo all turning, flipping, cropping and inverting of the frontal film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pixel size:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as the film says</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> mm</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Size of a pixel at the patient in millimetres. The lowest value takes what the film itself says; the line above tells what that is and where it comes from.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Calibrate…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Draw a line over a marker of known length on the frontal film; click again to take the pixel size from it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Length of the marker on the frontal film</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>marker </source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>True length of the marker that the line lies over, in millimetres (a calibration ball, a ruler).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Magnification:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> ×</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>How much larger than the patient the detector shows it: source-to-detector over source-to-patient distance, 1.05 to 1.3 as a rule. Divides the pixel size at the detector; has no effect where you set the pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Tube to detector:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Distance from the X-ray tube's focal spot to the detector of the frontal film, in millimetres (often 1000 to 2000). With the next value it gives the magnification, and the place of film and outlines in 3D.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Tube to patient:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Distance from the X-ray tube's focal spot to the middle of the patient on the frontal film, in millimetres.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>turn it as its header says</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Let the header of the frontal film turn it upright. Untick where the header is wrong.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Lateral film</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Turn the lateral film a quarter to the left.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Turn the lateral film a quarter to the right.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Flip the lateral film left to right. The patient's front belongs on the left.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Flip the lateral film up to down. The head belongs up.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Swap dark and bright of the lateral film. Bone belongs bright.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Draw a frame on the lateral film and move its edges; click again to keep only what is inside. Closing the frame over the whole film undoes the crop.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Undo all turning, flipping, cropping and inverting of the lateral film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Draw a line over a marker of known length on the lateral film; click again to take the pixel size from it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Length of the marker on the lateral film</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Distance from the X-ray tube's focal spot to the detector of the lateral film, in millimetres (often 1000 to 2000). With the next value it gives the magnification, and the place of film and outlines in 3D.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Distance from the X-ray tube's focal spot to the middle of the patient on the lateral film, in millimetres.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Let the header of the lateral film turn it upright. Untick where the header is wrong.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Heights</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>match the heights of both films</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Tick where both films do not show the same part of the body from top to bottom. Only what both show is used then.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Lateral film up by:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>How far the lateral film is moved up against the frontal one, in millimetres at the patient; below 0 moves it down.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Automatic</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compare the rows of both films and move the lateral one to where they are most alike. Says so where that is not convincing.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>By points</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set the same two points of the body on both films (F1, F2 on the frontal one, L1, L2 on the lateral one), for example the upper edges of two vertebrae; click again to match them.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Measurements</name>
        <message>
            <source>Measurements</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(no segmentation)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The bones to measure: a result of this module, or any segmentation with the names of bones.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Find landmarks, axes and values of all bones. Slicer can be used meanwhile.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>End what runs; nothing is changed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of the measuring</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>How far the measuring is.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>List:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Which measurements are listed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>all</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>to be checked</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>edited</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Select a measurement to see its landmarks, and drag these in any view to correct it. A bone or a region selects all of it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Undo</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Take the last correction back.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Redo</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Make the correction again that was taken back.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset to computed</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Put the landmarks of the selected measurements back to where they were found.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset all</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Put all landmarks back to where they were found. Undo brings the corrections back.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Copy table</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Put the table on the clipboard, for a spreadsheet.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save CSV...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save the table as a file of comma-separated values.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Report...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Write a report with pictures, as a page and as PDF; corrected values and the review are marked in it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Review</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name of the reviewer</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Who has reviewed the measurements.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Sign as reviewed</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Keep name and date with the measurements. A later correction makes the signature void.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Withdraw</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Take the signature back.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Models</name>
        <message>
            <source>Models and packages</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Models</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The networks that are on this machine; choose one to read about it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>What is known of the chosen model.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Verify all</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compare files with their recorded size, SHA-256 and network.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remove...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Delete an imported model, after asking. Models of SwinX2S itself stay.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open folder</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the folder of imported models.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set the environment variable SWINX2S_CACHE to choose another place.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Import a model</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>File:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A .safetensors file of this library, or a checkpoint (.pt, .pth, .safetensors) of the published Swin-X2S code; files can be dropped here.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>drop a file here</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose the file in a dialog.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>What the model is called in the list: letters, digits, '-', '_' and '.'.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>SHA-256:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The hash that the source of the file states; a file with another one is refused.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as its source states it (recommended)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Licence:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The licence that the source states; it is shown with every result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as its source states it</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Store in half precision</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Half the space on the disk; results hardly change.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Import</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the file and add it to the models. Code in checkpoints is never run. Needs PyTorch.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Importing needs PyTorch, which is not installed: install the packages first (below).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>What is installed</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Versions to send with a question.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>&lt;span style='color: #b25000'&gt;PyTorch was installed for the processor, so the graphics card is not used: uninstall PyTorch in the module PyTorch Utils, restart Slicer, and install it again for the card.&lt;/span&gt;</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Install what is missing...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Download and install the missing packages, after asking: PyTorch by Slicer's PyTorch extension, the others with pip.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Install from a folder...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Without internet: install the missing packages from a folder of wheels.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of imports and installations</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>An import, a verification or an installation is under way.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>End the import, verification or installation that runs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Log</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Log of imports and installations</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>What the import, the verification or pip says.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Reconstruct</name>
        <message>
            <source>Reconstruct</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Model:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The trained network.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Device:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Where the network runs. Automatic takes a graphics card if PyTorch finds one, and says so in the log.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Where the network will run, what is free there, and how long it takes.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct the bones in the background. While one runs, the next one waits for it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>End the reconstruction that runs; nothing is left behind, and those that wait follow.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstructions that wait for the one that runs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of the run</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>How far the reconstruction is.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Log</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Log of the run</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>What the worker says; the newest 256 KiB are kept.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Result</name>
        <message>
            <source>Result</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Result:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(no result)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The result that is shown: a segmentation that this module made.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open folder...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Add a result that swinx2s reconstruct wrote into a folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Spine</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the vertebrae. The eyes in the module Data do the same.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Ribs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the ribs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pelvis</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the hip bones and the sacrum.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Femora</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the femora.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Colours:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>by confidence</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Colour the surfaces by how sure the network was, with a legend.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Frame</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Turn the 3D views to the front, with bones and films in the picture.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Films in 3D:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>frontal</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the frontal film behind the patient (in front, for a PA film).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>lateral</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the lateral film at the patient’s left.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Outlines on:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>frontal film</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Draw the outlines of the bones, projected back, on the frontal film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>lateral film</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Draw the outlines of the bones, projected back, on the lateral film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>In slice views</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the frontal film in the green slice view and the lateral film in the yellow one, with the outlines.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Film opacity:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>How opaque the films are in the 3D view.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones and how sure they are</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Click a bone to centre all views on it. The same table is in the scene, with all columns.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>STL</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A file for each bone; LPS, mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>OBJ</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>One file with colours; LPS, mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>glTF</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>One file with colours, for viewers and presentations; y up, m.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>NIfTI</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Label volume; RAS, mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>.seg.nrrd</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Segmentation of 3D Slicer.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>DICOM SEG</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Segmentation object with patient and study of the films; needs films loaded from DICOM.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Write the bones, as they are now, into a new folder: all formats or none.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>SwinX2S</name>
        <message>
            <source>
The method follows Liu et al., Swin-X2S: Reconstructing 3D Shape from 2D Biplanar X-ray with Swin Transformers (2025).
</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>
&lt;p&gt;Reconstructs spine, ribs, pelvis and femora from an AP (or PA) and a lateral radiograph of the same person.
For research; not a medical device.&lt;/p&gt;
&lt;ol&gt;
&lt;li&gt;&lt;b&gt;Inputs&lt;/b&gt;: choose or drop both films (or open a sample: File, Download Sample Data); see to pixel sizes,
to how the films hang, and to their heights.&lt;/li&gt;
&lt;li&gt;&lt;b&gt;Reconstruct&lt;/b&gt;: click, and go on working; the bones arrive as one segmentation.&lt;/li&gt;
&lt;li&gt;&lt;b&gt;Result&lt;/b&gt;: regions, films and outlines in 3D, confidence of every bone, export.&lt;/li&gt;
&lt;li&gt;&lt;b&gt;Measurements&lt;/b&gt;: values with landmarks that can be dragged, review, report.&lt;/li&gt;
&lt;li&gt;&lt;b&gt;Compare with CT&lt;/b&gt; and &lt;b&gt;Batch&lt;/b&gt;: scores against a segmented CT; many pairs in one go.&lt;/li&gt;
&lt;li&gt;&lt;b&gt;Models and packages&lt;/b&gt;: what is installed, with and without internet; other models.&lt;/li&gt;
&lt;/ol&gt;
&lt;p&gt;The &lt;a href="{0}"&gt;tutorial&lt;/a&gt; shows every step with pictures.&lt;/p&gt;
</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>SwinX2S.faults</name>
        <message>
            <source>There is no group {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No group is named.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A tolerance cannot be {0} mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no alignment {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Nothing can be written there ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose the table or the folder again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose a folder of your own for the results.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The films are not there.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This is no checkpoint of Swin-X2S; it holds {0} tensors such as {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no such file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the path.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} holds NaN or infinite values.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Take another epoch.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is not the table that this network computes: its windows are laid out otherwise.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The picture is in colour ({0} of its pixels are not gray), so it is no radiograph as stored.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export the radiograph as DICOM or as a gray picture.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The film was loaded as a colour picture.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Click Convert to gray; the picture itself stays as it is.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Line 1: the {0} missing.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Line 1: {0} names several columns.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give every column a name of its own.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The film is empty: nearly all its pixels have the same value.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose or export another file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a crop inside the picture as stored.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A cluster needs Dask, which is not installed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Install it with: pip install 'distributed&gt;=2024.8'</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Start one with `dask scheduler` and give the address that it prints, such as tcp://host:8786.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CUDA was asked for, but {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use Device auto or cpu, or install a driver and a PyTorch with CUDA.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The DICOM header lacks {0}, so nothing can refer to the film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file was changed since the reconstruction.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The films are of two patients (IDs {0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>--draws cannot be {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a number from 2 to 200.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The edits name places that the measurements have not: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>An edit is no place ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure the bones again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The truth holds no bone of the groups compared ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the file and the numbering, or name other groups with --groups.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The picture has {0} gray levels only: it is a mask, a drawing or an empty film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose the radiograph itself, or export it with 8 bits a pixel or more.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Restore it, or reconstruct again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The film is not the one of the result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>It was changed since.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Its size is not the one told.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The volume holds no picture.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load it again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No {0} film is chosen.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load the {0} film and choose it above.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose another.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>An uncertainty map belongs to a label volume; the segmentation is made of meshes.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Leave it out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The numbering {0} names no bone of {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name the groups that the truth draws with --groups.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file is not the announced one: its SHA-256 is {0} instead of {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Download it again, from a source that you trust.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is no SHA-256.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Copy all 64 hexadecimal digits.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Moved up by {0} mm the lateral film shows nothing of what the frontal one shows.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Correct Lateral film up by (tab Heights).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The frontal film is {0} mm high, the lateral one {1} mm: {2} apart (up to {3} is accepted), so they do not show the same part of the body.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Match their heights (tab Heights), crop the larger one with Crop to the same top and bottom, or correct Pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The heights of both films could not be matched automatically: their rows are not alike enough.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Say it by points or by hand (tab Heights).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The job cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Write it again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A job is a JSON object.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} cannot name a file: {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Rename this case.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give every case a name of its own.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The segment {0} is coded as {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The segments {0} and {1} are both {2}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The segment {0} lies in layer {1}, of {2} layers.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save the segmentation again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The size of a pixel holds at the patient already ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Leave Magnification as the film says, or give the size with Pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reinstall SwinX2S, or delete the file if it lies in the cache folder, and import again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>An entry of the manifest is not an object.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The measurements cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measured bones are not in the segmentation: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no array {0}{1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Store both arrays.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Two meshes are {0}; one is {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no mesh in it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>These meshes are named by no bone: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Keep one.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This is a folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose the checkpoint in it (.pt, .pth, .safetensors).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose it again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The network yields no numbers (NaN or infinite).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose other weights with Model.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Change the sizes in the model's manifest entry or in the call.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose other weights with Model; `swinx2s weights list` names them.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check Model.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There are {0} more faults in the table ({1}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Mend those above first.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} cannot be the name of weights.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The library's own weights are called {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use letters, digits, '-', '_' and '.'; not 'default'.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose another --name.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file exists.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose another --name, or give --replace.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no bone in it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check that it is the right file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>It cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No evaluated case lies in {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>None of {0} cases is whole.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give the folder that `swinx2s evaluate --cohort` wrote.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This version comes without default weights.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name weights of `swinx2s weights list`, or import some with `swinx2s weights import`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There are: {0}. Import others with `swinx2s weights import`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Neither film is a DICOM file, so patient and study are unknown.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No format is chosen.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Formats are {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a folder of .stl, .ply, .obj or .vtp files, each named by its bone (femur_left.stl).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name each mesh by its bone (femur_left.stl), or add --ignore-unknown to leave these out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No predicted bone lies inside the truth's volume: the files place them apart.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check that both belong to one person; --align centres or bones lays them together.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No case of the split {0} has radiographs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder holds no packages (.whl).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The volume has {0} voxels, so it is no single film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose a radiograph, a volume of one slice.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no {0} in this folder: it is no result of `swinx2s reconstruct`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Meshes cannot be compared voxel by voxel.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a label volume or such a folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a label volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>It holds meshes, no label volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a label volume or a segmentation; meshes can be converted by any program for meshes.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} pixels are no numbers (NaN or infinite).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export the film again, or replace these pixels by a number.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No DICOM plugin could load the film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load it with Slicer's DICOM module, which says more.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Slicer could not load the file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load it with Slicer's DICOM module or Add Data, which say more.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights {0} belong to SwinX2S itself.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights {0} cannot be removed ({1}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Close what uses them, and check the permissions of the folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights cannot be written ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose another folder with --out, or make room.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give the segmentation that was measured.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The export could not be written ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the free space and the permissions of the output folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The result could not be written ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The report could not be written ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The output folder holds other files.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name a new or empty folder with --out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Nothing can be written here ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name a folder that you may write.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This is a file, not a folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name a folder with --out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The result cannot be written ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Make room there and run again: what is finished is kept.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The Python package highdicom, which writes DICOM segmentations, is not installed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Install it: pip install highdicom.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>provenance.json lacks {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The record is no JSON ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Import or export the weights again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give the folder that `swinx2s reconstruct --out` wrote.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Labels and uncertainty are not of the same grid.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The result cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The frontal and the lateral film are the same picture.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose the lateral film of the same person.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Both films are the same volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The scheduler {0} went away during the work.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Start it again and run the same command: what is finished is kept.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The scheduler {0} cannot be reached ({1}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The labels may be numbered in several ways ({0}), and too few tell which.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label map is empty.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label map names none of our bones.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} occurs twice.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Keep one entry.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0}, for {1}, is no label.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is a name and cannot be unknown.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The numbering of the labels ({0}{1}) is not recognised.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label map cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label map is damaged ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Correct its name or its terminology in the module Segmentations.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Keep one, or rename the other.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Only one of the two sides is there, and the numbering does not say which.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a map that names the side of every value.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The size of a pixel is unknown: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set Pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The pixels are not square: {0} mm high and {1} mm wide ({2}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Resample the film to square pixels, or set Pixel size if the header is wrong.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The size of a pixel is unknown; Slicer assumed 1 mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set Pixel size, calibrate on a marker, or tick that 1 mm is right.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>With {0} mm a pixel ({1}) the film would be {2} x {3} mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The surfaces cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compare again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The table is empty.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The table cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a text file with comma-separated values (CSV), saved as UTF-8.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give numbers of millimetres, 0 or more.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} files were given.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give the frontal and the lateral film only.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The film has {0} x {1} pixels; each side needs {2} or more.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export it at full resolution, or crop less.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Crop less, or load it at full resolution.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The tube cannot have stood there: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give {0} and {1} in millimetres; the patient is between source and detector, {2} mm or more from the source, and the magnification (detector over patient) is {3} at most.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The distance from the source to the {0} is given, the one to the {1} is not.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give it with {0}, or leave out {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check that both films are of one person.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no format {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no network called {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose one of {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} has no {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>It has {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no label numbering {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use one of {0}, or a .json or .csv file that maps its values to our labels.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There are no weights called {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The header says that the columns run to the patient's {0} and the rows to the {1}; a film used as the {2} view runs {3} and from head to feet.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Swap the two files, or untick that it is turned as its header says.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The header calls the film {0}, but it is used as the {1} film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file is {0}: {1} bytes instead of {2}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file was altered: its SHA-256 is {0} instead of {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Only imported weights can be removed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file cannot be read as safetensors ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Take a .safetensors file; for other checkpoints use `swinx2s weights import`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights {0} are not there.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no such file of weights.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the path, or name weights of `swinx2s weights list`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Convert checkpoints of the published code with `swinx2s weights import`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} of shape {1} is missing.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} holds values that are not finite in {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} has shape {1} instead of {2}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file does not say which network it belongs to.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} of shape {1} is unexpected.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the path and the file's permissions.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder lacks {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Made for another system or another Python: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker {0} {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} worker processes are not possible.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The number of workers is the cluster's own when a scheduler is given.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a number from 1 to {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Leave one of the two out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>These values do not exist in the numbering {0} ({1}): {2}{3}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name the numbering of the file, or give a map of its values.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>batching.case_list</name>
        <message>
            <source>done</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>failed</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>ready</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Case</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Status</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Expected Dice</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Time</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remarks</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>comparing.choices</name>
        <message>
            <source>turned and shifted, bone onto bone</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>shifted, bone onto bone</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>shifted, middle of the volumes</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as both lie in the scene</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>outside (red) or inside (blue) the CT's bone</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>distance only</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>inputs.dicom_choice</name>
        <message>
            <source>Choose the frontal and the lateral film, or one of them (Ctrl-click for the second).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Films of the DICOM database</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The database holds no radiographs (CR, DX, RG, RF, XA): import them with the DICOM module.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Patient</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Study</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Series</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>View</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pixels</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load the selected films and choose them; which is frontal is recognised.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>DICOM browser…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open Slicer's DICOM module, to import films or to load anything else.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Not listed: {0} recordings of several frames.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>inputs.loading</name>
        <message>
            <source>Reading {0} ({1:.1f} MB)…</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>inputs.taking</name>
        <message>
            <source>Load films</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The DICOM database is not open: open Slicer's DICOM module once, or load films from files.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Loading the film…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> The other films are in the scene, too.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Loading {0} films…</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>inputs.toolbox</name>
        <message>
            <source>What was still open on the films (crop, calibration or points) was put away unchanged.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>matched by two points</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>What was still open on the films (crop, calibration or points) was applied.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The line over the marker is gone; draw it again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The line is far too short for a marker of that length.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>, but they lie {0:.0%} further apart on the frontal film: check both pixel sizes</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>management.background</name>
        <message>
            <source>Cancelled.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>management.importing</name>
        <message>
            <source>No program shows folders here; the folder is {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder of models cannot be made: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>management.model_list</name>
        <message>
            <source>Model</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Network</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Size</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>From</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>File</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>MISSING</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>there</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>WRONG SIZE</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>reconstructs bones</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>a helper: tells how films hang; used by itself, not offered for reconstruction</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>SwinX2S</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>import</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Purpose</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Trained or imported</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Licence</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Learned from</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Came from</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Notes</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>default</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>helper</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} people</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0}, part of SwinX2S</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>management.versions</name>
        <message>
            <source>not installed</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Device</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Packages</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>missing: {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0}: built for the processor only, so the {1} is not used</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>all {0} are there</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>management.wheels</name>
        <message>
            <source>On a machine with internet, the same system and Python {0}, run: python -m pip download -d WHEELS -r requirements.txt torch (requirements.txt lies in the folder Resources of SwinX2S).</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measuring.outdated</name>
        <message>
            <source>Edited since measured: {0}. Measure again.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measuring.passing_on</name>
        <message>
            <source>Save table</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder for the report</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Saved {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} measurements good, {1} to be checked, {2} absent.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The table could not be written: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measuring.regions</name>
        <message>
            <source>Spine</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Ribs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pelvis</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Femora</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measuring.tree</name>
        <message>
            <source>Measurement</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Value</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Right</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Left</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unit</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Usual</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Quality</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>outdated</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>qSlicerAbstractCoreModule</name>
        <message>
            <source>Segmentation</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>sections.batch</name>
        <message>
            <source>Table of pairs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Tables (*.csv *.tsv *.txt)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a table or a folder)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a folder)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The module was closed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Starting...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancelling...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Stopped. What is finished is kept; Start goes on from there.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder of films</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder of results</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No program opens tables here; the table is {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>sections.compare</name>
        <message>
            <source>(none)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reading both ...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save into</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>recognise it</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancelling...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancelled; nothing was changed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones of a CT</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Map of values</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compared; the reconstruction itself stays where it is.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Saved: {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>map {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>It could not be saved: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>sections.inputs</name>
        <message>
            <source>Choose both films first.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The films are not alike enough to tell; match them by points or by hand.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This volume is no single film.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as the film says</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The films seem to be swapped: click Swap.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>; tube: {0}, magnification {1:.3g}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>matched automatically, likeness {0:.2f}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0:.3f} × by the tube</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>sections.measurements</name>
        <message>
            <source>Measuring again gives up the corrections and the review of these bones. Go on?</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones were edited since they were measured. Report the measurements as they are?</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure again</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The table is on the clipboard.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The bones are gone, so there is nothing to show.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Report: {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The measurements in the scene cannot be read: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>sections.models</name>
        <message>
            <source>Delete the model {0} ({1})? It can only be got back by importing it again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Checkpoints (*.pt *.pth *.safetensors)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Verifying...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Importing...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Checkpoint</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder with wheels</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Verify</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Verify all</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A reconstruction runs, and may use the model. Wait for its end.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>All packages are there.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Something runs that uses the packages. Wait for its end.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>All models are in order.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>All packages are there. Restart Slicer if one of them was in use.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Imported models lie in {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} was removed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} can now be chosen for reconstruction.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Installing...</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>sections.reconstruct</name>
        <message>
            <source>Cancelling...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The module was closed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Nothing was started.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancelled.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Starting...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>. &lt;b&gt;This is slow:&lt;/b&gt; a smaller model or a graphics card would help.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Please correct:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct next</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} waiting</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>, about {0} left</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>sections.result</name>
        <message>
            <source>Folder of a result</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export into a new folder in</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No result is chosen: reconstruct, or open the folder of a result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Please note:</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.catalogue</name>
        <message>
            <source>this version recommends no model; choose one</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>recommended: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.devices</name>
        <message>
            <source>no NVIDIA graphics card answers: the run will be refused, not moved to the processor</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0}, {1:.1f} of {2:.1f} GB free</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>processor, {0} cores</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>, {0:.1f} GB of memory free</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.expectation</name>
        <message>
            <source>time not known yet</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as last time</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>estimated</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>about {0}, {1}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.films</name>
        <message>
            <source>no film</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} x {1} pixels</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>set by you</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>assumed by Slicer: the file states no pixel size!</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>unknown: the DICOM file cannot be read</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.installer</name>
        <message>
            <source>Try again and confirm. Behind a proxy, set HTTPS_PROXY before Slicer starts; without internet, use Install from a folder (section Models and packages).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> PyTorch is large (200 MB, with a graphics card up to 3 GB), and Slicer does not answer while it comes.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> Download and install them now?</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>SwinX2S needs Python packages that are not installed yet: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>PyTorch is not installed, and neither is Slicer's PyTorch extension, which installs it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Install the extension PyTorch in the Extensions Manager and restart Slicer, or use Install from a folder (section Models and packages).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This Slicer cannot install Python packages for modules.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use Slicer 5.12 or newer.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Packages are missing: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Still missing: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Not everything could be installed: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.interpreter</name>
        <message>
            <source>PythonSlicer was not found beside {0}: reinstall Slicer, or put it on the PATH.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.panel</name>
        <message>
            <source>The scene was closed, so the reconstruction was ended.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.parameters</name>
        <message>
            <source>AP (tube in front of the patient)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>PA (tube behind the patient)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>automatic</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>processor (CPU)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>NVIDIA graphics card (CUDA)</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.process</name>
        <message>
            <source>The worker ended with exit code {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker could not be started: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker crashed ({0}).</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.run</name>
        <message>
            <source>The log below says more.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Please note: see the log below.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The system ended it, mostly for want of memory: close other programs or take a smaller model.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker ended without a result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The log below says what it did.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>See the log below.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} bones were reconstructed: {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker found {0} faults.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The result could not be added to the scene: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.samples</name>
        <message>
            <source>Both films are chosen in the module SwinX2S.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} was altered. Reinstall SwinX2S.</source>
            <translation type="unfinished" />
        </message>
    </context>
</TS>
